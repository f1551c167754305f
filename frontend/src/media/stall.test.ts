// When silence is evidence. Kills the mutation "a gap is measured against STALL_MS alone", by
// which a quiet room is repaired twice a second, and "the gap of a stall counts as usual", by which
// each stall is noticed later than the one before.
import { expect, test } from 'vitest';
import { type Change, type Flow, look, STALL_MS, still } from './stall';

const LOOK_MS = 100;

/** Looks every LOOK_MS while `grows(ms)` says whether bytes came; what was seen, and when. */
function watch(
  untilMs: number,
  grows: (ms: number) => boolean,
  from: Flow = still(0),
): { seen: [number, Change][]; flow: Flow } {
  const seen: [number, Change][] = [];
  let flow = from;
  let bytes = from.bytes;
  for (let at = from.grownAt + LOOK_MS; at <= untilMs; at += LOOK_MS) {
    if (grows(at)) bytes += 100;
    const next = look(flow, bytes, at);
    flow = next.flow;
    if (next.change !== null) seen.push([at, next.change]);
  }
  return { seen, flow };
}

test('steady bytes that stop are a stall, seen once', () => {
  const { seen } = watch(20_000, (at) => at <= 5000);
  expect(seen).toEqual([[5000 + STALL_MS, 'stalled']]);
});

test('bytes that come again are seen, and the next stall is noticed as soon', () => {
  const { seen } = watch(20_000, (at) => at <= 5000 || (at > 9000 && at <= 12_000));
  expect(seen).toEqual([
    [5800, 'stalled'],
    [9100, 'flowing'],
    [12_800, 'stalled'],
  ]);
});

test('a quiet room, in which only a report comes each half second, is no stall', () => {
  expect(watch(60_000, (at) => at % 500 === 0).seen).toEqual([]);
});

test('the change from steady sound to reports alone is no stall', () => {
  expect(watch(60_000, (at) => at <= 5000 || at % 500 === 0).seen).toEqual([]);
});

test('a quiet room that falls silent is a stall, later', () => {
  const { seen } = watch(20_000, (at) => at <= 10_000 && at % 500 === 0);
  expect(seen).toEqual([[11_300, 'stalled']]);
});

/** Kills: a threshold by the longest gap, which an outage that was over in time has made. */
test('an outage just shorter than a stall does not hide the next one', () => {
  const { seen } = watch(20_000, (at) => at <= 5000 || (at > 5700 && at <= 6000));
  expect(seen).toEqual([[6800, 'stalled']]);
});

test('nothing that ever came cannot stall', () => {
  expect(watch(60_000, () => false).seen).toEqual([]);
});

test('a late look that finds bytes is no stall, one that finds none is', () => {
  const { flow } = watch(5000, () => true);
  expect(look(flow, flow.bytes + 1, 65_000).change).toBeNull();
  expect(look(flow, flow.bytes, 65_000).change).toBe('stalled');
});

test('a count that begins again, as after a restart, is followed from there', () => {
  const { flow } = watch(5000, () => true);
  const lower = look(flow, 10, 5250);
  expect(lower.change).toBeNull();
  expect(look(lower.flow, 20, 5500).flow.grownAt).toBe(5500);
});
