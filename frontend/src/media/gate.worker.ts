/**
 * Keeps other people's frames from a slot's decoder, by the rule of gate.ts. Owns the streams of
 * encoded frames; receives each slot's owner through the port that comes with its transform.
 */

import { arrived, belongs, OPEN } from './gate';

interface EncodedFrame {
  readonly type: 'key' | 'delta' | 'empty';
  getMetadata(): { readonly contributingSources?: readonly number[] };
}

/** RTCRtpScriptTransformer of webrtc-encoded-transform, which the DOM types do not have. */
interface Transformer {
  readonly options: { readonly port: MessagePort };
  readonly readable: ReadableStream<EncodedFrame>;
  readonly writable: WritableStream<EncodedFrame>;
  sendKeyFrameRequest(): Promise<void>;
}

self.addEventListener('rtctransform', (event) => {
  guard((event as Event & { transformer: Transformer }).transformer);
});

function guard(transformer: Transformer): void {
  let gate = OPEN;
  transformer.options.port.onmessage = ({ data }: MessageEvent<number | null>) => {
    gate = belongs(gate, data);
    if (gate.missed) transformer.sendKeyFrameRequest().catch(() => undefined);
  };
  const passing = new TransformStream<EncodedFrame, EncodedFrame>({
    transform(frame, controller) {
      const csrcs = frame.getMetadata().contributingSources ?? [];
      gate = arrived(gate, { key: frame.type === 'key', csrcs });
      if (!gate.missed) controller.enqueue(frame);
    },
  });
  // It ends with the peer connection, whose end is no fault.
  transformer.readable
    .pipeThrough(passing)
    .pipeTo(transformer.writable)
    .catch(() => undefined);
}
