/**
 * What plays the group's sound: which loudspeaker or headset was chosen, kept for the next time in
 * this browser. Owns where the choice is kept. Plays nothing.
 */

import type { DeviceName } from './devices';

/** Plays where the device plays by itself. */
export const USUAL = '';

const KEPT_AS = 'thirds.output';
/** Chromium's names for what the device itself would choose. */
const ALIASES: readonly string[] = ['default', 'communications'];

/** What can be chosen: nothing where this browser cannot, or where there is nothing to choose. */
export function choosable(outputs: readonly DeviceName[], can: boolean): readonly DeviceName[] {
  const real = outputs.filter(({ id }) => !ALIASES.includes(id));
  if (!can || real.length === 0) return [];
  return [{ id: USUAL, label: 'As this device is set' }, ...real];
}

/** The chosen one while it is there, else the usual one. */
export function outputFor(chosen: string, choices: readonly DeviceName[]): string {
  return choices.some(({ id }) => id === chosen) ? chosen : USUAL;
}

/** The choice in this browser. A browser that keeps nothing has none. */
export interface Outputs {
  readonly can: boolean;
  chosen(): string;
  choose(id: string): void;
}

/** `can`: not on Android, nor in older browsers (reference: HTMLMediaElement `setSinkId`). */
export function browserOutputs(): Outputs {
  let now = kept();
  return {
    can: 'setSinkId' in HTMLMediaElement.prototype,
    chosen: () => now,
    choose: (id) => {
      now = id;
      keep(id);
    },
  };
}

function kept(): string {
  try {
    return localStorage.getItem(KEPT_AS) ?? USUAL;
  } catch {
    return USUAL; // storage is switched off
  }
}

function keep(id: string): void {
  try {
    localStorage.setItem(KEPT_AS, id);
  } catch {
    // storage is switched off: the choice holds until the page is closed
  }
}
