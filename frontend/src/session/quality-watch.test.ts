// What is said of connections while the media run.
import { describe, expect, it } from 'vitest';
import type { Counters } from '../media/counters';
import { FakePage, settled } from './fakes';

const SLOTS = 3;

/** So many looks after the first: 100 packets to send and 100 of each slot come in each. */
function counted(looks: number, lost: { up?: number; slots?: readonly number[] } = {}): Counters {
  const slots = Array.from({ length: SLOTS }, (_, slot) => {
    const gone = (lost.slots?.[slot] ?? 0) * looks;
    const received = 100 * looks - gone;
    return { received, lost: gone, frames: 48 * looks, frozenSeconds: 0 };
  });
  return { sent: 100 * looks, missed: (lost.up ?? 0) * looks, roundTripMs: 40, slots };
}

async function inRoom(): Promise<FakePage> {
  const page = await new FakePage().join();
  for (const [slot, key] of ['dana', 'joe', 'ruth'].entries())
    page.peer.on.covered(slot, false, key);
  see(page, [0, 1, 2]);
  return page;
}

function see(page: FakePage, slots: readonly number[]): void {
  page.session.media.see(slots.map((slot) => ({ slot, width: 176, height: 128 })));
}

async function look(page: FakePage, looks: number, lost: Parameters<typeof counted>[1] = {}) {
  for (let at = 0; at <= looks; at += 1) {
    page.peer.counted = counted(at, lost);
    await page.beat();
  }
}

describe('the connections in the room', () => {
  it('that lose nothing are not spoken of', async () => {
    const page = await inRoom();
    await look(page, 5);
    expect(page.session.page.current.quality).toEqual({ own: 'good', others: {} });
  });

  it('of which one loses packets on its way up: the person’s own is weak', async () => {
    const page = await inRoom();
    await look(page, 1, { up: 8 });
    expect(page.session.page.current.quality.own).toBe('good');
    await look(page, 2, { up: 8 });
    expect(page.session.page.current.quality).toEqual({ own: 'weak', others: {} });
  });

  it('of which one slot loses packets: its owner’s is poor, and not that of the next', async () => {
    const page = await inRoom();
    await look(page, 2, { slots: [0, 40, 0] });
    expect(page.session.page.current.quality).toEqual({ own: 'good', others: { joe: 'poor' } });
    page.peer.on.covered(1, false, 'kai');
    page.peer.counted = counted(3, { slots: [0, 40, 0] });
    await page.beat();
    expect(page.session.page.current.quality.others).toEqual({});
  });

  it('are not judged by a picture that is not on the screen', async () => {
    const page = await inRoom();
    const stands = (looks: number) => {
      const { slots, ...rest } = counted(looks);
      return {
        ...rest,
        slots: slots.map((slot, at) => (at === 1 ? { ...slot, frames: 0 } : slot)),
      };
    };
    for (const pictures of [
      [0, 2],
      [0, 1, 2],
    ]) {
      see(page, pictures);
      for (let at = 0; at <= 2; at += 1) {
        page.peer.counted = stands(at);
        await page.beat();
      }
      const { others } = page.session.page.current.quality;
      expect(others).toEqual(pictures.includes(1) ? { joe: 'poor' } : {});
    }
  });

  it('are not looked at after one has left', async () => {
    const page = await inRoom();
    await look(page, 2, { up: 8 });
    page.session.leave();
    await settled();
    expect([page.beats.size, page.session.page.current.quality.own]).toEqual([0, 'good']);
  });
});
