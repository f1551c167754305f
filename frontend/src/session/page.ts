// What the components are given of a session: its signals, the verbs, and the keys' verbs.
// Owns two signals of this page: whether keys work, and whether the browser waits for a tap.
import { type Signal, signal } from '@preact/signals';
import { clocksOf } from '../room/clock';
import { handIsUp } from '../room/people';
import type { Page, Verbs } from '../ui/page';
import type { RoomSession } from './session';

/** `given` is what the server wrote into the page. */
export function pageOf(session: RoomSession, given: DOMStringMap): Page {
  const { page, own, check, media } = session;
  const silent = signal(false);
  const keys = signal(true);
  return {
    ...{ state: page.state, now: page.now, said: page.said },
    ...{ own, level: check.level, slots: media.slots, silent, keys },
    verbs: verbsOf(session, silent, keys),
    echo: session.echo,
    ...session.place,
    name: given.name ?? '',
    home: given.home ?? '/',
    staffPhone: given.staffPhone ?? '',
    clocks: clocksOf(given.zone ?? '', given.plannedZone ?? ''),
  };
}

function verbsOf(session: RoomSession, silent: Signal<boolean>, keys: Signal<boolean>): Verbs {
  const { page, devices, check, rules } = session;
  return {
    check: () => void check.open(),
    choose: (choice) => void check.choose(choice),
    chooseOutput: (id) => void check.chooseOutput(id),
    outputFailed: () => session.outputFailed(),
    join: ({ audio, video }) => {
      void devices.want({ microphone: audio && devices.wanted.microphone, camera: video });
      session.connect();
    },
    leave: () => session.leave(),
    comeBack: () => session.connect(),
    retry: () => session.retryNow(),
    switchMicrophone: () => void devices.want({ microphone: !devices.truth().microphone }),
    switchCamera: () => void devices.want({ camera: !devices.truth().camera }),
    switchHand: () => {
      const { live } = page;
      if (live) void session.ask({ type: 'me.hand', raised: !handIsUp(live, live.me.key) });
    },
    see: (tiles) => session.media.see(tiles),
    soundBlocked: (blocked) => {
      silent.value = blocked;
    },
    setKeys: (on) => {
      keys.value = on;
    },
    dismiss: () => page.dispatch({ kind: 'dismissed' }),
    ask: (command) => {
      if (command.type === 'room.reopen') rules.reopens();
      void session.ask(command);
    },
  };
}

/** What a key does: in the room only, and to a microphone only while it is allowed. */
export function keyVerbs({ verbs }: Page, session: RoomSession): Record<string, () => void> {
  const inRoom = (verb: () => void) => () => {
    if (session.page.current.screen.at === 'room') verb();
  };
  const switchIfAllowed = () => {
    if (session.page.live?.me.microphone_allowed) verbs.switchMicrophone();
  };
  return {
    m: inRoom(switchIfAllowed),
    v: inRoom(verbs.switchCamera),
    h: inRoom(verbs.switchHand),
  };
}
