// The room's sentences: what happened, what is safe, what to do. Owns text only.

/** "Dana", "Dana and Luis", "Dana, Luis and Kim"; "Your facilitator" when nobody is named. */
export function named(names: readonly string[]): string {
  if (names.length === 0) return 'Your facilitator';
  if (names.length === 1) return names[0] ?? '';
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

/** Who did it: the one facilitator by name, else staff, since it is not known which of them. */
export function byWhom(names: readonly string[]): string {
  return names.length === 1 ? (names[0] ?? 'Staff') : 'Staff';
}

/** When the group is open again after its end: nobody is heard without a tap. */
export function reopened(wanted: { readonly camera: boolean }): string {
  const off = wanted.camera ? 'Your microphone is' : 'Your microphone and camera are';
  return `The group is open again. ${off} off.`;
}

/** When a break is over: the camera is back, the microphone waits for a tap. */
export const BREAK_OVER = 'The break is over. Your microphone is off. Tap Unmute to speak.';

/** When what played the group's sound is gone: it may come from a loudspeaker now. */
export const OUTPUT_GONE = {
  other: 'Your headphones were switched off or unplugged. People near you may hear the group now.',
  chosen:
    'The loudspeaker or headset you chose is gone. Sound comes from this device now: people near you may hear the group.',
} as const;

/** One's own connection, and what helps. The camera takes nine tenths of what one sends. */
export function connectionWords(quality: 'weak' | 'poor', camera: boolean): string {
  const what =
    quality === 'weak'
      ? 'Your connection is weak.'
      : 'Your connection is very weak. Some words may be lost.';
  return `${what} ${camera ? 'Turning your camera off helps.' : 'Going closer to the router, or to another network, helps.'}`;
}

/** The same of others, on their tile. */
export const CONNECTIONS = { weak: 'weak', poor: 'very weak' } as const;

/** For a refusal that came without a sentence of its own. */
export const REFUSALS: Readonly<Record<string, string>> = {
  'connection.lost': 'Not done: the connection dropped. Try again when you are back.',
  'store.down': 'We can’t save right now. The group goes on. Try again in a moment.',
  unknown: 'That didn’t work. Nothing changed. Try again.',
};

/** What a device that cannot be used means, and what to do. */
export const DEVICES: Readonly<Record<'audio' | 'video', Readonly<Record<string, string>>>> = {
  audio: {
    blocked:
      'Your browser is blocking the microphone. Allow it beside the address, then try again.',
    missing: 'We found no microphone. Plug one in, or just listen.',
    busy: 'Another app is using the microphone. Close it, then try again.',
    insecure: 'This page can’t use a microphone, because the connection isn’t secure.',
    muted:
      'Your device keeps the microphone off, for a call or by a switch. It opens again when that is over.',
    gone: 'Your microphone was switched off or unplugged. Nobody hears you. Tap Unmute to use another one.',
  },
  video: {
    blocked:
      'Your browser is blocking the camera. Allow it beside the address, or join without video.',
    missing: 'We found no camera. You can join without video.',
    busy: 'Another app is using the camera. Close it, or join without video.',
    insecure: 'This page can’t use a camera, because the connection isn’t secure.',
    muted:
      'Your device keeps the camera off, for a call or by a switch. It opens again when that is over.',
    gone: 'Your camera was switched off or unplugged. Tap Start video to use another one.',
  },
};

/** The one fact, the one reason and the next step of a page that rests. */
export const RESTS: Readonly<
  Record<string, { title: string; text: string; again: string | null }>
> = {
  not_on_roster: {
    title: 'This group isn’t on your list',
    text: 'Your own groups are on your page. Staff can tell you more.',
    again: null,
  },
  not_open: {
    title: 'The room isn’t open yet',
    text: 'It opens 15 minutes before the group.',
    again: 'Try again',
  },
  not_let_in: {
    title: 'You can’t come in right now',
    text: 'Staff can tell you more.',
    again: 'Try again',
  },
  unknown_room: {
    title: 'We can’t find this group',
    text: 'The link may be old. Your own groups are on your page.',
    again: null,
  },
  replaced: {
    title: 'You opened the group on another device',
    text: 'This page is resting. Nobody sees or hears you from here.',
    again: 'Use this one instead',
  },
  left: {
    title: 'You left the group',
    text: 'Nobody sees or hears you now. You can come back until it ends.',
    again: 'Come back',
  },
  signed_out: {
    title: 'You’re signed out',
    text: 'Sign in again and we bring you back to your place.',
    again: null,
  },
  ended: {
    title: 'The group has ended',
    text: 'Nobody sees or hears you now.',
    again: null,
  },
  cancelled: {
    title: 'Today’s group is cancelled',
    text: 'Your next one is on your page. It does not count against you.',
    again: null,
  },
  not_held: {
    title: 'Today’s group did not take place',
    text: 'Your next one is on your page. It does not count against you.',
    again: null,
  },
  lost: {
    title: 'We can’t reach the group',
    text: 'Your place is kept. Check your internet connection, then try again.',
    again: 'Try again',
  },
};
