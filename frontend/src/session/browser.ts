// The parts of a session as this browser has them. Owns no state.
import { listDevices, onDevicesChanged, openDevices } from '../media/devices';
import { meter } from '../media/meter';
import { mediaPeer, supported } from '../media/peer';
import { connect } from '../signaling/connection';
import type { Parts } from './parts';

/** `given` is what the server wrote into the page: the socket's path, and whether it has relays. */
export function browserParts(given: DOMStringMap): Parts {
  return {
    webrtc: supported.webrtc,
    hasRelays: given.relay !== undefined,
    connect: (on, hello) => connect(given.socket ?? '', on, hello),
    newPeer: mediaPeer,
    openDevices,
    listDevices,
    onDevicesChanged,
    meter,
    streamOf: (track) => new MediaStream([track]),
    wallNow: () => Date.now(),
    after: (ms, callback) => void setTimeout(callback, ms),
  };
}
