import { describe, expect, it } from 'vitest';
import type { Event } from '../messages';
import { announcement } from './announce';
import { reduce } from './reduce';
import { opening, type RoomState } from './state';
import { agendaView, floor, liveRoom, meView, pageIn, roomView, waits } from './testing';

const STAMP = { epoch: 'e1', seq: 11 };
const STAFF = pageIn(liveRoom({ me: meView({ facilitates: true }) }));

function announced(before: RoomState, event: Event): string {
  return announcement(before, reduce(before, { kind: 'event', event }));
}

describe('announcement', () => {
  it('tells that a segment has started', () => {
    const room = roomView({ version: 2, agenda: agendaView({ index: 1 }) });
    expect(announced(pageIn(), { type: 'room.changed', ...STAMP, room })).toBe(
      'Topic has started.',
    );
  });

  it('says nothing when minutes were moved', () => {
    const room = roomView({ version: 2, agenda: agendaView({ left_ms: 5 }) });
    expect(announced(pageIn(), { type: 'room.changed', ...STAMP, room })).toBe('');
  });

  it('tells that one may speak again', () => {
    const muted = pageIn(liveRoom({ me: meView({ microphone_allowed: false }) }));
    const me = meView({ version: 2 });
    expect(announced(muted, { type: 'me.changed', ...STAMP, me })).toBe(
      'You can turn your microphone on again.',
    );
  });

  it.each([
    ['staff', STAFF, 'JOE raised a hand.'],
    ['nobody else', pageIn(), ''],
  ])('announces a hand to %s', (_who, state, words) => {
    const part = floor(1, 'joe');
    expect(announced(state, { type: 'part.changed', ...STAMP, part })).toBe(words);
  });

  it('tells staff who waits, once', () => {
    const waiting: Event = { type: 'waiting.changed', ...STAMP, waiting: waits('kai') };
    const after = reduce(STAFF, { kind: 'event', event: waiting });
    const again: Event = { ...waiting, waiting: waits('kai', { version: 2, late: true }) };
    expect([announced(STAFF, waiting), announced(after, again)]).toEqual(['KAI is waiting.', '']);
  });

  it('tells of the way in', () => {
    expect(announcement(opening(true), pageIn())).toBe('You are in the room.');
  });
});
