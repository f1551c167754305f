import { describe, expect, it } from 'vitest';
import type { SeenTile } from '../room/state';
import { type Screen, SeenTiles } from './seen';

/** A screen on which a test scrolls, turns and waits. */
class FakeScreen implements Screen {
  front = true;
  size = { width: 165, height: 120 };
  readonly watched = new Set<Element>();
  #changed: (element: Element, visible: boolean) => void = () => {};
  #resized = () => {};
  #turned = () => {};
  #due: (() => void)[] = [];

  observe(changed: (element: Element, visible: boolean) => void, resized: () => void) {
    this.#changed = changed;
    this.#resized = resized;
    return {
      watch: (element: Element) => void this.watched.add(element),
      unwatch: (element: Element) => void this.watched.delete(element),
    };
  }

  sizeOf() {
    return this.size;
  }

  isInFront(): boolean {
    return this.front;
  }

  onTurn(callback: () => void): () => void {
    this.#turned = callback;
    return () => {};
  }

  after(_ms: number, callback: () => void): void {
    this.#due.push(callback);
  }

  show(element: Element, visible = true): void {
    this.#changed(element, visible);
  }

  turn(front: boolean): void {
    this.front = front;
    this.#turned();
  }

  resize(width: number, height: number): void {
    this.size = { width, height };
    this.#resized();
  }

  /** A moment passes. */
  pass(): void {
    const due = this.#due;
    this.#due = [];
    for (const callback of due) callback();
  }
}

function grid() {
  const screen = new FakeScreen();
  const heard: (readonly SeenTile[])[] = [];
  const tiles = new SeenTiles((seen) => heard.push(seen), screen);
  const tile = (slot: number) => {
    const element = { slot } as unknown as Element;
    return { element, gone: tiles.add(element, slot) };
  };
  return { screen, heard, tile };
}

describe('the grid', () => {
  it('names what is on the screen, by slot, with its size rounded up', () => {
    const { screen, heard, tile } = grid();
    const [second, first, hidden] = [tile(2), tile(0), tile(1)];
    screen.show(second.element);
    screen.show(first.element);
    screen.show(hidden.element, false);
    screen.pass();
    const size = { width: 176, height: 128 };
    expect(heard).toEqual([
      [
        { slot: 0, ...size },
        { slot: 2, ...size },
      ],
    ]);
  });

  it('says a change once, and what is the same not at all', () => {
    const { screen, heard, tile } = grid();
    const { element } = tile(0);
    screen.show(element);
    screen.show(element);
    screen.pass();
    screen.resize(170, 125);
    screen.pass();
    expect(heard.length).toBe(1);
    screen.resize(340, 250);
    screen.pass();
    expect(heard.at(-1)).toEqual([{ slot: 0, width: 352, height: 256 }]);
  });

  it('shows nothing behind another app, and the same as before when it is back', () => {
    const { screen, heard, tile } = grid();
    screen.show(tile(0).element);
    screen.pass();
    screen.turn(false);
    screen.pass();
    screen.turn(true);
    screen.pass();
    expect(heard.map((tiles) => tiles.map(({ slot }) => slot))).toEqual([[0], [], [0]]);
  });

  it('forgets a tile that is gone, even if it is said to be visible later', () => {
    const { screen, heard, tile } = grid();
    const { element, gone } = tile(0);
    screen.show(element);
    screen.pass();
    gone();
    screen.show(element);
    screen.pass();
    expect(heard.at(-1)).toEqual([]);
    expect(screen.watched.size).toBe(0);
  });

  it('says nothing of a tile without a size, which a browser calls visible', () => {
    const { screen, heard, tile } = grid();
    screen.resize(0, 0);
    screen.show(tile(1).element);
    screen.pass();
    expect(heard).toEqual([]);
  });
});
