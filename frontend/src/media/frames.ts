/**
 * Reads from the browser which frame of a slot is on the screen and whose packets it came from.
 * Owns one element per slot that is in no document: it is fed the same media track as the tile.
 * Decides nothing.
 */

import type { Frame } from './slots';

type Sources = Pick<RTCRtpReceiver, 'getContributingSources'>;

/** How often a browser that reports no frames is asked what it has played. */
const POLL_MS = 500;

/** The CSRC that was played last (W3C webrtc-pc §5.3); undefined when no packet had one. */
export function newestSource(receiver: Sources): RTCRtpContributingSource | undefined {
  const [first, ...others] = receiver.getContributingSources();
  return first && others.reduce((a, b) => (b.timestamp > a.timestamp ? b : a), first);
}

/** Calls back for each frame that is presented; returns how to stop. */
export function watchFrames(
  stream: MediaStream,
  receiver: Sources,
  on: (frame: Frame) => void,
): () => void {
  let reported = false;
  const stopElement = watchElement(stream, ({ rtpTimestamp }) => {
    reported = true;
    on({ rtpTimestamp: rtpTimestamp ?? null, csrc: newestSource(receiver)?.source ?? null });
  });
  const stopPolling = watchSources(receiver, (frame) => {
    if (!reported) on(frame);
    reported = false;
  });
  return () => {
    stopElement();
    stopPolling();
  };
}

/** By requestVideoFrameCallback, which names the very frame. */
function watchElement(
  stream: MediaStream,
  on: (metadata: VideoFrameCallbackMetadata) => void,
): () => void {
  const video = document.createElement('video');
  Object.assign(video, { muted: true, autoplay: true, playsInline: true, srcObject: stream });
  let stopped = false;
  const presented = (_now: number, metadata: VideoFrameCallbackMetadata) => {
    if (stopped) return;
    on(metadata);
    video.requestVideoFrameCallback(presented);
  };
  video.requestVideoFrameCallback?.(presented);
  return () => {
    stopped = true;
    video.srcObject = null;
  };
}

/**
 * By asking the receiver what it has played last, for a browser that has no
 * requestVideoFrameCallback or calls it for elements on the screen only.
 */
export function watchSources(receiver: Sources, on: (frame: Frame) => void): () => void {
  let last = 0;
  const timer = setInterval(() => {
    const newest = newestSource(receiver);
    if (newest === undefined || newest.timestamp <= last) return;
    last = newest.timestamp;
    on({ rtpTimestamp: newest.rtpTimestamp, csrc: newest.source });
  }, POLL_MS);
  return () => clearInterval(timer);
}
