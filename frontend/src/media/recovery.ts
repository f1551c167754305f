/**
 * When a broken media path is repaired, and how. One table, state × happening → next state, what
 * to ask for, and by when it must have worked; a missing entry means: nothing to do. Pure; knows no
 * peer connection and no timer.
 *
 * An ICE restart keeps keys and slots and takes some tens of milliseconds, so it comes first.
 * What a restart does not repair within seconds, a new peer connection does. An offer that was not
 * answered (control may be away) is asked for again when it is overdue.
 */

/** `restart`: same peer connection, new ICE credentials. `fresh`: a new peer connection. */
export type Renewal = 'restart' | 'fresh';

export type PathState = 'idle' | 'negotiating' | 'connected' | 'restarting';

export type Happening =
  | 'offered' // a fresh offer was made
  | 'connected' // the newest peer connection is connected
  | 'disconnected' // it gets no answers any more
  | 'failed' // it has given up
  | 'stalled' // bytes stopped coming
  | 'flowing' // they come again
  | 'moved' // the network changed
  | 'closed' // the node reports that this connection is gone, or about to go
  | 'resumed' // control is back
  | 'overdue'; // it did not work in time

export interface Step {
  readonly to: PathState;
  readonly ask: Renewal | null;
  /** Milliseconds until `overdue` happens; null: never. */
  readonly within: number | null;
}

const RESTART_MS = 2500;
const FRESH_MS = 8000;

const done: Step = { to: 'connected', ask: null, within: null };
const wait: Step = { to: 'negotiating', ask: null, within: FRESH_MS };
const fresh: Step = { to: 'negotiating', ask: 'fresh', within: FRESH_MS };
const restart: Step = { to: 'restarting', ask: 'restart', within: RESTART_MS };
/** The path still carries media: nothing is overdue if the restart gets lost. */
const refresh: Step = { to: 'connected', ask: 'restart', within: null };

const STEPS: Readonly<Record<PathState, Partial<Record<Happening, Step>>>> = {
  idle: { offered: wait },
  negotiating: {
    offered: wait,
    connected: done,
    failed: fresh,
    moved: fresh,
    closed: fresh,
    resumed: fresh,
    overdue: fresh,
  },
  connected: {
    offered: wait,
    disconnected: restart,
    stalled: restart,
    failed: fresh,
    moved: refresh,
    closed: fresh,
  },
  restarting: {
    offered: wait,
    connected: done,
    flowing: done,
    failed: fresh,
    moved: restart,
    closed: fresh,
    resumed: restart,
    overdue: fresh,
  },
};

/** What follows when `happening` meets `state`; null: nothing. */
export function step(state: PathState, happening: Happening): Step | null {
  return STEPS[state][happening] ?? null;
}
