/**
 * Reads from the browser which frame of a slot is on the screen and whose packets it came from.
 * Owns one element per slot that is in no document: it is fed the same media track as the tile.
 * Decides nothing.
 */

import type { Frame } from './slots';

/** The CSRC that was received last (W3C webrtc-pc §5.4); null when no packet had one. */
export function newestCsrc(
  receiver: Pick<RTCRtpReceiver, 'getContributingSources'>,
): number | null {
  const sources = receiver.getContributingSources();
  if (sources.length === 0) return null;
  return sources.reduce((a, b) => (b.timestamp > a.timestamp ? b : a)).source;
}

/** Calls back for each frame that is presented; returns how to stop. */
export function watchFrames(
  stream: MediaStream,
  receiver: RTCRtpReceiver,
  on: (frame: Frame) => void,
): () => void {
  const video = document.createElement('video');
  video.muted = true;
  video.autoplay = true;
  video.playsInline = true;
  video.srcObject = stream;
  let stopped = false;
  const presented = (_now: number, metadata: VideoFrameCallbackMetadata) => {
    if (stopped) return;
    on({ rtpTimestamp: metadata.rtpTimestamp ?? null, csrc: newestCsrc(receiver) });
    video.requestVideoFrameCallback(presented);
  };
  // Without it no frame is ever proven to be anyone's: the tile stays covered, which is safe.
  video.requestVideoFrameCallback?.(presented);
  return () => {
    stopped = true;
    video.srcObject = null;
  };
}
