// How good the connections are, while there are media: looks at what the peer has counted every few
// seconds, and shows what changed. Owns the marks. Nothing of it leaves this browser.
import type { Counters } from '../media/counters';
import type { MediaPeer } from '../media/peer';
import { between, LOOK_MS, type Mark, type Seen, settled, UNMARKED } from '../media/quality';
import type { Live, Quality } from '../room/state';
import type { PageState } from './page-state';
import type { Parts } from './parts';

type Peer = Pick<MediaPeer, 'counters'>;

export class QualityWatch {
  #before: { readonly counters: Counters; readonly at: number } | null = null;
  #own: Mark = UNMARKED;
  /** By the participant's key: a mark does not pass to the next owner of a slot. */
  #others: ReadonlyMap<string, Mark> = new Map();
  #stop: () => void = () => {};

  constructor(
    private readonly parts: Pick<Parts, 'every' | 'wallNow'>,
    private readonly page: PageState,
    /** The slots whose picture is on the screen. */
    private readonly seen: () => ReadonlySet<number>,
  ) {}

  begin(peer: Peer): void {
    this.end();
    this.#stop = this.parts.every(LOOK_MS, () => void this.#look(peer));
  }

  /** Without media there is nothing to say. */
  end(): void {
    this.#stop();
    this.#stop = () => {};
    this.#before = null;
    this.#own = UNMARKED;
    this.#others = new Map();
    this.#show();
  }

  async #look(peer: Peer): Promise<void> {
    const stop = this.#stop;
    const counters = await peer.counters();
    if (stop !== this.#stop || counters === null) return;
    const at = this.parts.wallNow();
    const before = this.#before;
    this.#before = { counters, at };
    const { live } = this.page;
    if (before === null || live === null) return;
    const moving = new Set(picturesOf(live).filter((slot) => this.seen().has(slot)));
    const seen = between(before.counters, counters, moving, (at - before.at) / 1000);
    if (seen !== null) this.#judge(live, seen);
  }

  #judge(live: Live, seen: Seen): void {
    const marks = Object.entries(live.slots).map(([slot, { key }]) => {
      const before = this.#others.get(key) ?? UNMARKED;
      return [key, settled(before, seen.slots[Number(slot)] ?? 'good')] as const;
    });
    this.#own = settled(this.#own, seen.own);
    this.#others = new Map(marks);
    this.#show();
  }

  #show(): void {
    const others: Record<string, Quality> = {};
    for (const [key, { quality }] of this.#others) if (quality !== 'good') others[key] = quality;
    const quality = { own: this.#own.quality, others };
    this.page.dispatch({ kind: 'quality', quality });
  }
}

/** The slots whose picture ought to move: of those who are here with their camera on. */
function picturesOf({ slots, participants }: Live): number[] {
  const moves = (key: string) =>
    participants.some((one) => one.key === key && one.camera && !one.away);
  return Object.entries(slots)
    .filter(([, { key, covered }]) => !covered && moves(key))
    .map(([slot]) => Number(slot));
}
