// Which tiles are on the screen, and how large. Owns the two observers of the grid. Knows no node:
// its owner is called with the slots that are worth receiving.
import type { SeenTile } from '../room/state';

/** At most so often: a grid that is turned or scrolled passes through many sizes. */
const QUIET_MS = 250;
/** Sizes are rounded up to steps of so many pixels, so that a bar that comes or goes is no news. */
const STEP = 16;

/** The browser, as far as it is used. */
export interface Screen {
  /** Calls back with what has changed of the elements that `watch` is given. */
  observe(changed: (element: Element, visible: boolean) => void, resized: () => void): Observer;
  /** Size of an element in pixels of the device. */
  sizeOf(element: Element): { readonly width: number; readonly height: number };
  /** The page is in front of the person. */
  isInFront(): boolean;
  onTurn(callback: () => void): () => void;
  after(ms: number, callback: () => void): void;
}

interface Observer {
  watch(element: Element): void;
  unwatch(element: Element): void;
}

export class SeenTiles {
  readonly #slots = new Map<Element, number>();
  readonly #visible = new Set<Element>();
  readonly #observer: Observer;
  readonly #stop: () => void;
  #sent = '[]';
  #isDue = false;

  constructor(
    private readonly on: (tiles: readonly SeenTile[]) => void,
    private readonly screen: Screen = browserScreen(),
  ) {
    const changed = (element: Element, visible: boolean) => {
      this.#visible.delete(element);
      if (visible && this.#slots.has(element)) this.#visible.add(element);
      this.#soon();
    };
    this.#observer = screen.observe(changed, () => this.#soon());
    this.#stop = screen.onTurn(() => this.#soon());
  }

  /** The grid is gone: nothing turns it any more. What is left of it is said as gone. */
  close(): void {
    this.#stop();
  }

  /** A tile whose picture comes from that slot. Gives what to call when it does not any more. */
  add(element: Element, slot: number): () => void {
    this.#slots.set(element, slot);
    this.#observer.watch(element);
    return () => {
      this.#observer.unwatch(element);
      this.#slots.delete(element);
      this.#visible.delete(element);
      this.#soon();
    };
  }

  #soon(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    this.screen.after(QUIET_MS, () => {
      this.#isDue = false;
      this.#look();
    });
  }

  #look(): void {
    const elements = this.screen.isInFront() ? [...this.#visible] : [];
    const tiles = elements
      .map((element) => this.#tile(element))
      .filter(({ width, height }) => width > 0 && height > 0) // a browser calls that visible too
      .sort((a, b) => a.slot - b.slot);
    const now = JSON.stringify(tiles);
    if (now === this.#sent) return;
    this.#sent = now;
    this.on(tiles);
  }

  #tile(element: Element): SeenTile {
    const { width, height } = this.screen.sizeOf(element);
    return { slot: this.#slots.get(element) ?? 0, width: rounded(width), height: rounded(height) };
  }
}

function rounded(pixels: number): number {
  return Math.ceil(pixels / STEP) * STEP;
}

function browserScreen(): Screen {
  return {
    observe: (changed, resized) => {
      const seen = new IntersectionObserver((entries) => {
        for (const { target, isIntersecting } of entries) changed(target, isIntersecting);
      });
      const sizes = new ResizeObserver(resized);
      return {
        watch: (element) => {
          seen.observe(element);
          sizes.observe(element);
        },
        unwatch: (element) => {
          seen.unobserve(element);
          sizes.unobserve(element);
        },
      };
    },
    sizeOf: (element) => {
      const { width, height } = element.getBoundingClientRect();
      return { width: width * devicePixelRatio, height: height * devicePixelRatio };
    },
    isInFront: () => document.visibilityState === 'visible',
    onTurn: (callback) => {
      document.addEventListener('visibilitychange', callback);
      return () => document.removeEventListener('visibilitychange', callback);
    },
    after: (ms, callback) => void setTimeout(callback, ms),
  };
}
