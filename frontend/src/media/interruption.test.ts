// When devices are opened again without a tap. Kills the mutations "the track's flags are believed
// after an unmute", "a hidden page opens devices", and "an unplugged microphone is replaced by
// another one while the person looks on".
import { expect, test } from 'vitest';
import { after, type Happening, type Kind, UNDISTURBED } from './interruption';

/** What is opened after each happening, and what is interrupted in the end. */
function run(...happenings: Happening[]): { opened: Kind[][]; left: Kind[] } {
  let state = UNDISTURBED;
  const opened = happenings.map((happening) => {
    const next = after(state, happening);
    state = next.is;
    return [...next.open];
  });
  return { opened, left: (['audio', 'video'] as const).filter((kind) => state[kind]) };
}

const audio = (what: 'muted' | 'unmuted' | 'ended'): Happening => ({ what, kind: 'audio' });
const works = (kind: Kind): Happening => ({ what: 'settled', kind, interrupted: false });
const fails = (kind: Kind): Happening => ({ what: 'settled', kind, interrupted: true });
const hidden: Happening = { what: 'hidden' };
const shown: Happening = { what: 'shown' };

test('a call while the page is in front: opened at the unmute, once', () => {
  expect(run(audio('muted'), audio('unmuted'), works('audio'), shown)).toEqual({
    opened: [[], ['audio'], [], []],
    left: [],
  });
});

test('a call that hides the page: opened on the return, though the unmute came before', () => {
  const call = run(audio('muted'), hidden, audio('unmuted'), shown, works('audio'));
  expect(call).toEqual({ opened: [[], [], [], ['audio'], []], left: [] });
});

test('both devices taken: both are opened with one question', () => {
  const video: Happening = { what: 'muted', kind: 'video' };
  expect(run(audio('muted'), video, hidden, shown).opened.at(-1)).toEqual(['audio', 'video']);
});

test('a device that ended while the page was hidden is opened on the return', () => {
  expect(run(hidden, audio('ended'), shown).opened.at(-1)).toEqual(['audio']);
});

test('a device that ended under a mute is opened on the return', () => {
  expect(run(audio('muted'), audio('ended'), hidden, shown).opened.at(-1)).toEqual(['audio']);
});

test('a device that is unplugged under the eyes of the person waits for a tap', () => {
  expect(run(audio('ended'), hidden, shown)).toEqual({ opened: [[], [], []], left: [] });
});

test('looking away and back, undisturbed, opens nothing', () => {
  expect(run(hidden, shown, audio('unmuted'))).toEqual({ opened: [[], [], []], left: [] });
});

test('while the call goes on it does not open, and is tried again until it does', () => {
  const waited: Happening = { what: 'waited' };
  const call = run(audio('muted'), shown, fails('audio'), waited, fails('audio'), waited);
  expect(call.opened).toEqual([[], ['audio'], [], ['audio'], [], ['audio']]);
  expect(run(audio('muted'), hidden, waited).opened.at(-1)).toEqual([]);
});

test('a person who opened or closed the device by a tap has ended it', () => {
  expect(run(audio('muted'), works('audio'), shown).opened.at(-1)).toEqual([]);
});
