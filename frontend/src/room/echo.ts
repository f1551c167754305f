// What an echo says of one's sound: how good it is, in a sentence, and the lines for staff.
// Owns the limits and the text. Knows no connection.

/** One direction. `received` and `lost` count packets; `jitterMs` is their unevenness. */
export interface EchoDirection {
  readonly received: number;
  readonly lost: number;
  readonly jitterMs: number;
}

/** `uplink` is from this person to the group. `heard`: something louder than a quiet room arrived. */
export interface EchoFigures {
  readonly uplink: EchoDirection;
  readonly downlink: EchoDirection;
  readonly roundTripMs: number | null;
  readonly relayed: boolean;
  readonly heard: boolean;
}

export type EchoView =
  | { readonly at: 'idle' | 'connecting' | 'listening' }
  | { readonly at: 'report'; readonly figures: EchoFigures }
  | { readonly at: 'failed'; readonly text: string };

export type EchoQuality = 'good' | 'fair' | 'poor' | 'unheard';

// Opus hides a few lost packets; a browser's buffer evens out some 50 ms. ITU-T G.114: below
// 300 ms of round trip nobody notices the delay, above 800 ms people talk into each other.
const LIMITS = {
  good: { lost: 0.02, jitterMs: 30, roundTripMs: 300 },
  fair: { lost: 0.08, jitterMs: 80, roundTripMs: 800 },
} as const;

const WORDS: Readonly<Record<EchoQuality, { title: string; text: string }>> = {
  good: { title: 'Your sound is good', text: 'The group hears you clearly.' },
  fair: {
    title: 'Your sound may break up at times',
    text: 'Move closer to your Wi-Fi if you can. You can join all the same.',
  },
  poor: {
    title: 'Your sound breaks up',
    text: 'Try another network if you have one, or call staff.',
  },
  unheard: {
    title: 'We did not hear you',
    text: 'Choose another microphone below, then try again.',
  },
};

/** The worst of what was measured. */
export function quality(figures: EchoFigures): EchoQuality {
  if (!figures.heard || figures.uplink.received === 0) return 'unheard';
  if (figures.downlink.received === 0) return 'poor';
  if (within(figures, LIMITS.good)) return 'good';
  return within(figures, LIMITS.fair) ? 'fair' : 'poor';
}

export function echoWords(figures: EchoFigures): { title: string; text: string } {
  return WORDS[quality(figures)];
}

/** Three lines to read out to staff: what it is, and how it was. */
export function echoLines(figures: EchoFigures): readonly (readonly [string, string])[] {
  const { uplink, downlink, roundTripMs, relayed } = figures;
  const time = roundTripMs === null ? 'not known' : `${Math.round(roundTripMs)} ms`;
  return [
    ['You to the group', directionWords(uplink)],
    ['The group to you', directionWords(downlink)],
    ['Round trip', `${time}${relayed ? ', through the relay' : ''}`],
  ];
}

function directionWords(one: EchoDirection): string {
  if (one.received === 0) return 'nothing arrived';
  const percent = lostShare(one) * 100;
  const lost = percent === 0 ? '0' : percent < 1 ? 'under 1' : `${Math.round(percent)}`;
  return `${lost} % lost, jitter ${Math.round(one.jitterMs)} ms`;
}

function lostShare({ received, lost }: EchoDirection): number {
  return lost / Math.max(1, received + lost);
}

function within(figures: EchoFigures, limits: (typeof LIMITS)[keyof typeof LIMITS]): boolean {
  const directions = [figures.uplink, figures.downlink];
  return (
    directions.every((one) => lostShare(one) < limits.lost && one.jitterMs < limits.jitterMs) &&
    (figures.roundTripMs ?? 0) < limits.roundTripMs
  );
}
