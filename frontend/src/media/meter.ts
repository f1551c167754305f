/**
 * How loud a media track is, for the level meter: fifteen readings a second at most. Owns one
 * audio context per meter. Plays nothing, keeps nothing.
 */

const READINGS_PER_SECOND = 15;
const SAMPLES = 1024; // 21 ms at 48 kHz
const QUIETEST_DB = -60; // shown as 0
const LOUDEST_DB = -10; // shown as 1: loud speech close to the microphone

/** Calls back with a level in 0..1 until the function that is returned is called. */
export function meter(track: MediaStreamTrack, on: (level: number) => void): () => void {
  const context = new AudioContext();
  void context.resume(); // a page that captures may sound without a tap, where it must be asked
  const analyser = new AnalyserNode(context, { fftSize: SAMPLES });
  const source = context.createMediaStreamSource(new MediaStream([track]));
  source.connect(analyser);
  const samples = new Float32Array(SAMPLES);
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    on(level(samples));
  }, 1000 / READINGS_PER_SECOND);
  return () => {
    clearInterval(timer);
    source.disconnect();
    void context.close();
  };
}

/** Loudness of samples in -1..1 as 0..1: the root mean square in dB, between two limits. */
export function level(samples: Float32Array): number {
  const energy = samples.reduce((sum, sample) => sum + sample * sample, 0);
  const db = 10 * Math.log10(energy / samples.length);
  const share = (db - QUIETEST_DB) / (LOUDEST_DB - QUIETEST_DB);
  return Math.min(1, Math.max(0, share));
}
