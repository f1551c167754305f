// Every command is answered exactly once. Kills the mutation "dropAll leaves the map full", by
// which a late reply would settle a command a second time.
import { expect, test } from 'vitest';
import { lost, Pending, type Reply } from './pending';

test('replies reach their commands in any order', () => {
  const pending = new Pending();
  const got: string[] = [];
  const first = pending.add((reply) => got.push(`first ${reply.type}`));
  const second = pending.add((reply) => got.push(`second ${reply.type}`));
  pending.settle({ type: 'ok', id: second });
  pending.settle({ type: 'pong', id: first, now_ms: 1 });
  expect(got).toEqual(['second ok', 'first pong']);
});

test('reply that no command waits for is nobody’s', () => {
  const pending = new Pending();
  expect(pending.settle({ type: 'ok', id: 7 })).toBe(false);
  expect(pending.settle({ type: 'refused', id: null, code: 'x', text: 'x' })).toBe(false);
});

test('dropped connection answers each command once, and never again', () => {
  const pending = new Pending();
  const got: Reply[] = [];
  const ids = [1, 2, 3].map(() => pending.add((reply) => got.push(reply)));
  pending.dropAll();
  pending.dropAll();
  for (const id of ids) pending.settle({ type: 'ok', id });
  expect(got).toEqual(ids.map(lost));
});

test('ids are not used twice, not even after a drop', () => {
  const pending = new Pending();
  const ids = [pending.add(() => {}), pending.add(() => {})];
  pending.dropAll();
  expect(ids).not.toContain(pending.add(() => {}));
});
