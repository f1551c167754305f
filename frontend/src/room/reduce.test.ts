import { describe, expect, it } from 'vitest';
import { CLOSE_CODES, type Event } from '../messages';
import { reduce } from './reduce';
import { type Input, liveOf, opening, type RoomState } from './state';
import { liveRoom, meView, pageIn, roomView, snapshotOf } from './testing';
import { RESTS } from './words';

const STAMP = { epoch: 'e1', seq: 11 };

function through(state: RoomState, ...inputs: Input[]): RoomState {
  return inputs.reduce(reduce, state);
}

function event(given: Event): Input {
  return { kind: 'event', event: given };
}

function closed(code: number, text = ''): Input {
  return { kind: 'link', link: 'closed', close: { code, text } };
}

describe('coming in', () => {
  it('goes from the check over connecting into the lobby, the room and the end', () => {
    const waiting = snapshotOf({ me: meView({ seat: 'waiting' }) });
    const steps: Input[] = [
      { kind: 'joined' },
      { kind: 'link', link: 'open' },
      event(waiting),
      event({ type: 'me.changed', ...STAMP, me: meView({ version: 2 }) }),
      event({ type: 'room.changed', ...STAMP, room: roomView({ version: 2, state: 'ended' }) }),
    ];
    let state = opening(true);
    const screens = steps.map((step) => {
      state = reduce(state, step);
      return state.screen.at;
    });
    expect(screens).toEqual(['connecting', 'connecting', 'lobby', 'room', 'ended']);
  });

  it('comes back into the room when it is opened again', () => {
    const ended = pageIn(liveRoom({ room: roomView({ state: 'ended' }) }));
    const open = roomView({ version: 2 });
    const again = through(ended, event({ type: 'room.changed', ...STAMP, room: open }));
    expect(again.screen.at).toBe('room');
  });

  it('is not possible without WebRTC', () => {
    expect(opening(false).screen).toEqual({ at: 'unsupported' });
  });

  it('needs a snapshot: other events alone show nothing', () => {
    const connecting = through(opening(true), { kind: 'joined' });
    const changed = event({ type: 'room.changed', ...STAMP, room: roomView() });
    expect(through(connecting, changed)).toBe(connecting);
  });

  it.each(['unsupported', 'check'])('ignores messages at %s', (at) => {
    const state = opening(at === 'check');
    expect(through(state, event(snapshotOf()))).toBe(state);
  });
});

describe('the socket’s end', () => {
  const EXPECTED: Readonly<Record<number, string>> = {
    4400: 'lost',
    4401: 'signed_out',
    4403: 'not_let_in',
    4404: 'unknown_room',
    4408: 'lost',
    4409: 'replaced',
    4410: 'ended',
    4411: 'removed',
    4412: 'left',
    4429: 'lost',
    4503: 'lost',
  };

  it.each(Object.keys(CLOSE_CODES).map(Number))('%i shows a page that says why', (code) => {
    const { screen } = through(pageIn(), closed(code, 'Because.'));
    const why = screen.at === 'resting' ? screen.why : screen.at;
    expect(why).toBe(EXPECTED[code]);
  });

  it.each(Object.values(EXPECTED).filter((why) => why !== 'removed'))(
    '%s has its sentence',
    (why) => {
      expect(RESTS[why]?.title.length).toBeGreaterThan(5);
    },
  );

  it.each([
    ['room.cancelled', 'cancelled'],
    ['room.not_held', 'not_held'],
  ])('with 4410 says more when the closing reason does: %s', (code, why) => {
    const closing = event({ type: 'closing', code, text: 'Words.' });
    const { screen } = through(opening(true), { kind: 'joined' }, closing, closed(4410));
    expect(screen).toEqual({ at: 'resting', why, text: 'Words.' });
  });

  it('keeps the server’s own sentence', () => {
    const { screen } = through(pageIn(), closed(4409, 'On the phone.'));
    expect(screen).toEqual({ at: 'resting', why: 'replaced', text: 'On the phone.' });
  });

  it.each([
    ['room.not_open', 'not_open'],
    ['seat.not_on_roster', 'not_on_roster'],
    ['seat.full', 'not_let_in'],
  ])('with 4403 says more when the closing reason does: %s', (code, why) => {
    const closing = event({ type: 'closing', code, text: 'Words.' });
    const { screen } = through(opening(true), { kind: 'joined' }, closing, closed(4403, 'Words.'));
    expect(screen).toEqual({ at: 'resting', why, text: 'Words.' });
  });

  it('does not take the page of the ended group away', () => {
    const ended = pageIn(liveRoom({ room: roomView({ state: 'ended' }) }));
    expect(through(ended, closed(4410)).screen).toBe(ended.screen);
  });

  it('shows the removed who leads the group', () => {
    const state = through(pageIn(), closed(4411));
    expect(state.screen).toEqual({ at: 'removed', reason: '', facilitators: ['Dana'] });
  });

  it('is not undone by a message that arrives late', () => {
    const rested = through(pageIn(), closed(4409));
    expect(through(rested, event(snapshotOf({ seq: 99 }))).screen.at).toBe('resting');
  });

  it('after leaving changes nothing any more', () => {
    const left = through(pageIn(), { kind: 'left' });
    expect(through(left, closed(4412)).screen).toEqual({ at: 'resting', why: 'left', text: '' });
  });
});

describe('a dropped connection', () => {
  it('keeps the room on the page', () => {
    const dropped = through(pageIn(), { kind: 'link', link: 'reconnecting' });
    expect([dropped.link, liveOf(dropped.screen)?.participants.length]).toEqual([
      'reconnecting',
      3,
    ]);
  });

  it('leaves no notice behind when it is back', () => {
    const refused = { code: 'connection.lost', text: '' };
    const back = through(
      pageIn(),
      { kind: 'link', link: 'reconnecting' },
      { kind: 'refused', about: 'me.hand', refused },
      { kind: 'link', link: 'open' },
    );
    expect(back.notice).toBeNull();
  });
});

describe('a refusal', () => {
  const refused: Input = {
    kind: 'refused',
    about: 'room.extend',
    refused: { code: 'agenda.no_time_left', text: 'The later parts can give 2 min.' },
  };

  it('stays until it is dismissed', () => {
    const shown = through(
      pageIn(),
      refused,
      { kind: 'clock', offsetMs: 4 },
      { kind: 'done', about: 'me.hand' },
    );
    expect(shown.notice?.text).toBe('The later parts can give 2 min.');
    expect(through(shown, { kind: 'dismissed' }).notice).toBeNull();
  });

  it('goes when the same command is done', () => {
    expect(through(pageIn(), refused, { kind: 'done', about: 'room.extend' }).notice).toBeNull();
  });

  it('gives way to the next', () => {
    const next: Input = { ...refused, refused: { code: 'room.locked', text: 'Locked.' } };
    expect(through(pageIn(), refused, next).notice?.code).toBe('room.locked');
  });

  it('without a sentence gets one', () => {
    const bare: Input = { ...refused, refused: { code: 'brand.new', text: '' } };
    expect(through(pageIn(), bare).notice?.text).toMatch(/Nothing changed/);
  });
});

describe('sound and pictures', () => {
  it('that are gone leave no slot behind', () => {
    const seen = through(pageIn(), { kind: 'covered', slot: 2, key: 'joe', covered: false });
    const gone = through(seen, { kind: 'media', media: 'idle' });
    expect([liveOf(seen.screen)?.slots, liveOf(gone.screen)?.slots]).toEqual([
      { 2: { key: 'joe', covered: false } },
      {},
    ]);
  });

  it('of one’s own are what the tracks say', () => {
    const state = through(pageIn(), { kind: 'own', own: { microphone: true } });
    expect([state.own.microphone, state.own.camera]).toEqual([true, false]);
  });
});
