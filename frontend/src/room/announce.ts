// What a screen reader announces when the page changes by itself: one sentence, or none.
import { currentSegment } from './agenda';
import { hands } from './people';
import { type Live, liveOf, type RoomState } from './state';

const SCREENS: Readonly<Record<string, string>> = {
  lobby: 'You are in the waiting room.',
  room: 'You are in the room.',
  break: 'The break has started.',
  ended: 'The group has ended.',
};

/** The sentence for a change of state; empty when there is nothing to announce. */
export function announcement(before: RoomState, after: RoomState): string {
  if (before.screen.at !== after.screen.at) return SCREENS[after.screen.at] ?? '';
  const was = liveOf(before.screen);
  const is = liveOf(after.screen);
  if (!was || !is) return '';
  return segment(was, is) || microphone(was, is) || (is.me.facilitates ? forStaff(was, is) : '');
}

function segment(was: Live, is: Live): string {
  const now = currentSegment(is.room.agenda);
  if (!now || was.room.agenda.index === is.room.agenda.index) return '';
  return `${now.title} has started.`;
}

function microphone(was: Live, is: Live): string {
  const allowed = is.me.microphone_allowed;
  if (was.me.microphone_allowed === allowed) return '';
  return allowed ? 'You can turn your microphone on again.' : '';
}

function forStaff(was: Live, is: Live): string {
  const waited = new Set(was.waiting.map((person) => person.key));
  const arrived = is.waiting.find((person) => !waited.has(person.key));
  if (arrived) return `${arrived.name} is waiting.`;
  const raised = new Set(hands(was).map((person) => person.key));
  const hand = hands(is).find((person) => !raised.has(person.key));
  return hand ? `${hand.name} raised a hand.` : '';
}
