/**
 * Puts a gate (gate.ts) before a receiver's decoder. Owns the worker that all gates share. A
 * browser without encoded transforms, or whose worker does not start, goes without.
 */

/** Sets whose CSRC passes the gate from now on; null: everybody's. */
export type SetOwner = (owner: number | null) => void;

let shared: Worker | null = null;

function worker(): Worker {
  shared ??= new Worker(new URL('./gate.worker.ts', import.meta.url), { type: 'module' });
  return shared;
}

export function gateBefore(receiver: RTCRtpReceiver): SetOwner {
  if (typeof globalThis.RTCRtpScriptTransform !== 'function') return () => undefined;
  const { port1, port2 } = new MessageChannel();
  worker().addEventListener('error', () => {
    receiver.transform = null;
  });
  receiver.transform = new RTCRtpScriptTransform(worker(), { port: port2 }, [port2]);
  return (owner) => port1.postMessage(owner);
}
