// The parts of a session as this browser has them. Owns no state.
import { listDevices, onDevicesChanged, openDevices } from '../media/devices';
import { Echo } from '../media/echo';
import { meter } from '../media/meter';
import { browserOutputs } from '../media/output';
import { hasWebRtc, mediaPeer } from '../media/peer';
import { askRelays } from '../media/relays';
import { type Support, supportOf } from '../room/support';
import { connect } from '../signaling/connection';
import type { Parts } from './parts';

/** `given` is what the server wrote into the page: the socket's path, and whether it has relays. */
export function browserParts(given: DOMStringMap): Parts {
  const relay = given.relay !== undefined;
  return {
    support: support(),
    address: location.origin + location.pathname,
    hasRelays: relay,
    mediaSlots: Number(given.slots ?? 0),
    firstRelays: () => askRelays(given.echo ?? ''),
    connect: (on, hello) => connect(given.socket ?? '', on, hello),
    newPeer: mediaPeer,
    newEcho: (on) => new Echo({ url: given.echo ?? '', token: given.csrf ?? '', relay }, on),
    openDevices,
    listDevices,
    outputs: browserOutputs(),
    onDevicesChanged,
    onSeen,
    meter,
    streamOf: (track) => new MediaStream([track]),
    wallNow: () => Date.now(),
    every: (ms, callback) => {
      const timer = setInterval(callback, ms);
      return () => clearInterval(timer);
    },
    after: (ms, callback) => void setTimeout(callback, ms),
  };
}

function support(): Support {
  const devices = navigator.mediaDevices as MediaDevices | undefined;
  return supportOf({
    webrtc: hasWebRtc,
    capture: typeof devices?.getUserMedia === 'function',
    secure: window.isSecureContext,
    userAgent: navigator.userAgent,
    touchPoints: navigator.maxTouchPoints,
  });
}

/** A page that was in the browser's back-forward cache is shown without a change of visibility. */
function onSeen(callback: (visible: boolean) => void): void {
  const look = () => callback(document.visibilityState === 'visible');
  document.addEventListener('visibilitychange', look);
  window.addEventListener('pageshow', look);
}
