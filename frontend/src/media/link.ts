/**
 * One RTCPeerConnection to the media node: its m-lines in the order the node counts them in, its
 * one offer, its ICE restarts. Owns the codecs and the sizes in which the camera is sent. Knows no
 * slot's owner.
 *
 * The m-lines: own audio, own video, then for each slot a video and an audio to receive. Slot i is
 * the i-th video and the i-th audio to receive. All are there from the first offer, so that a join
 * or a leave needs no other.
 */

import { gateBefore, type SetOwner } from './gates';

export interface SlotTransceivers {
  readonly video: RTCRtpTransceiver;
  readonly audio: RTCRtpTransceiver;
  readonly videoStream: MediaStream;
  readonly audioStream: MediaStream;
  readonly gate: SetOwner;
}

/** RTCRtpEncodingParameters of webrtc-extensions, which the DOM types do not have yet. */
type Encoding = RTCRtpEncodingParameters & {
  scaleResolutionDownTo?: { maxWidth: number; maxHeight: number };
};

/**
 * The camera in three sizes, the smallest first; the node gives each tile the one that fills it
 * (server/media/allocation.py). Chromium sends no third size of a picture of 640×360 unless it is
 * told the sizes, before which the factors do not count; Firefox knows the factors alone.
 */
const SIZES: readonly Encoding[] = [
  size('q', 4, 160, 100_000),
  size('h', 2, 320, 250_000),
  size('f', 1, 640, 600_000),
];

function size(rid: string, factor: number, width: number, bitrate: number): Encoding {
  const scaleResolutionDownTo = { maxWidth: width, maxHeight: (width * 9) / 16 };
  const scale = { scaleResolutionDownTo, scaleResolutionDownBy: factor };
  return { rid, maxBitrate: bitrate, maxFramerate: 30, ...scale };
}
const CODECS = { audio: ['audio/opus', 'audio/red'], video: ['video/vp8', 'video/rtx'] };

export class Link {
  readonly pc: RTCPeerConnection;
  readonly audio: RTCRtpTransceiver;
  readonly video: RTCRtpTransceiver;
  readonly slots: readonly SlotTransceivers[];

  /** `relays`: for networks in which nothing but a relay is reached; usually none. */
  constructor(slots: number, relays: RTCIceServer[]) {
    this.pc = new RTCPeerConnection({ bundlePolicy: 'max-bundle', iceServers: relays });
    this.audio = this.#transceiver('audio', { direction: 'sendonly' });
    this.video = this.#transceiver('video', {
      direction: 'sendonly',
      sendEncodings: [...SIZES],
    });
    this.slots = Array.from({ length: slots }, () => this.#slot());
  }

  /** Whether ICE can be restarted: it has been answered once. An offer that still waits for its
   * answer (control was away) is no obstacle: a newer one takes its place. */
  get canRestart(): boolean {
    return this.pc.currentRemoteDescription !== null && this.pc.signalingState !== 'closed';
  }

  /** The same m-lines under new ICE credentials, and with the newest relays. */
  restart(relays: RTCIceServer[]): Promise<string> {
    this.pc.setConfiguration({ ...this.pc.getConfiguration(), iceServers: relays });
    return this.offer(true);
  }

  /** The offer's SDP. */
  async offer(iceRestart = false): Promise<string> {
    const offer = await this.pc.createOffer({ iceRestart });
    await this.pc.setLocalDescription(offer);
    return offer.sdp ?? '';
  }

  /** Applies the node's answer; without an offer that waits for one it is dropped. */
  async accept(answer: string): Promise<void> {
    if (this.pc.signalingState !== 'have-local-offer') return;
    await this.pc.setRemoteDescription({ type: 'answer', sdp: answer });
  }

  /** Bytes that have come in so far, by all pairs of addresses; not the checks themselves. */
  async received(): Promise<number> {
    return incoming(await this.audio.sender.getStats()) ?? incoming(await this.pc.getStats()) ?? 0;
  }

  close(): void {
    this.pc.onconnectionstatechange = null;
    this.pc.close();
  }

  #slot(): SlotTransceivers {
    const video = this.#transceiver('video', { direction: 'recvonly' });
    const audio = this.#transceiver('audio', { direction: 'recvonly' });
    const videoStream = new MediaStream([video.receiver.track]);
    const audioStream = new MediaStream([audio.receiver.track]);
    return { video, audio, videoStream, audioStream, gate: gateBefore(video.receiver) };
  }

  #transceiver(kind: 'audio' | 'video', init: RTCRtpTransceiverInit): RTCRtpTransceiver {
    const transceiver = this.pc.addTransceiver(kind, init);
    const known = RTCRtpReceiver.getCapabilities(kind)?.codecs ?? [];
    const wanted = known.filter(({ mimeType }) => CODECS[kind].includes(mimeType.toLowerCase()));
    transceiver.setCodecPreferences(wanted);
    return transceiver;
  }
}

/** Null where the report has no pair: a sender's own has none in every browser and state. */
function incoming(report: RTCStatsReport): number | null {
  const pairs = [...report.values()].filter(({ type }) => type === 'candidate-pair');
  if (pairs.length === 0) return null;
  return pairs.reduce((bytes, pair) => bytes + (pair.bytesReceived ?? 0), 0);
}
