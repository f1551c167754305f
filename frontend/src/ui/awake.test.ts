import { describe, expect, it } from 'vitest';
import { type DeviceScreen, type Lock, stayAwake } from './awake';

/** A device's screen: locks are given when the test lets them, and released by a system that turns
 * to another app. */
class FakeScreen implements DeviceScreen {
  front = true;
  refuses = false;
  answered: Promise<void> = Promise.resolve();
  readonly locks: { released: boolean }[] = [];
  #turned = () => {};

  isInFront(): boolean {
    return this.front;
  }

  onTurn(callback: () => void): void {
    this.#turned = callback;
  }

  async lock(): Promise<Lock | null> {
    await this.answered;
    if (this.refuses) return null;
    const lock = {
      released: false,
      release: async () => {
        lock.released = true;
      },
    };
    this.locks.push(lock);
    return lock;
  }

  async turn(front: boolean): Promise<void> {
    this.front = front;
    if (!front) for (const lock of this.locks) lock.released = true;
    this.#turned();
    await settled();
  }

  get held(): number {
    return this.locks.filter(({ released }) => !released).length;
  }
}

const settled = () => new Promise((resolve) => setTimeout(resolve));

function page(inRoom = true) {
  const screen = new FakeScreen();
  const at = { inRoom };
  return { screen, at, settle: stayAwake(() => at.inRoom, screen) };
}

describe('the screen', () => {
  it('stays awake in the room, and not before or after', async () => {
    const { screen, at, settle } = page(false);
    await settle();
    expect(screen.held).toBe(0);
    at.inRoom = true;
    await settle();
    expect(screen.held).toBe(1);
    at.inRoom = false;
    await settle();
    expect(screen.held).toBe(0);
  });

  it('is kept awake again when the page comes back to the front', async () => {
    const { screen, settle } = page();
    await settle();
    await screen.turn(false);
    expect(screen.held).toBe(0);
    await screen.turn(true);
    expect(screen.held).toBe(1);
  });

  it('is held by one lock, however often it is asked for', async () => {
    const { screen, settle } = page();
    await Promise.all([settle(), settle(), settle()]);
    await settle();
    expect(screen.locks).toHaveLength(1);
  });

  it('is not held by a lock that came after the person left', async () => {
    const { screen, at, settle } = page();
    let answer = () => {};
    screen.answered = new Promise((resolve) => {
      answer = resolve;
    });
    const asked = settle();
    at.inRoom = false;
    void settle();
    answer();
    await asked;
    expect(screen.held).toBe(0);
  });

  it('sleeps where the browser refuses, and is asked for at the next turn', async () => {
    const { screen, settle } = page();
    screen.refuses = true;
    await settle();
    expect(screen.held).toBe(0);
    screen.refuses = false;
    await screen.turn(true);
    expect(screen.held).toBe(1);
  });
});
