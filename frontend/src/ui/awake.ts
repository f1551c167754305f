// The screen that stays awake while one is in the room. Owns the one wake lock of this page.

/** A lock as the browser gives it: it is released by the page, or by the system. */
export type Lock = Pick<WakeLockSentinel, 'released' | 'release'>;

/** The device's screen, as far as it is used. */
export interface DeviceScreen {
  isInFront(): boolean;
  /** Calls back when the page comes to the front or goes behind another. */
  onTurn(callback: () => void): void;
  /** Null where the browser has no wake locks, or refuses one (a battery that is almost empty). */
  lock(): Promise<Lock | null>;
}

/**
 * Keeps the screen awake while `wanted()`. The function that is returned is called whenever that
 * may have changed. A system releases the lock when the page goes to the back, so it is taken again
 * when the page returns. Only one request is under way at a time: a second lock would never be
 * released.
 */
export function stayAwake(wanted: () => boolean, screen: DeviceScreen): () => Promise<void> {
  let lock: Lock | null = null;
  let busy = false;
  const wants = () => wanted() && screen.isInFront();
  const holds = () => lock !== null && !lock.released;
  const settle = async () => {
    if (busy) return;
    busy = true;
    while (wants() !== holds()) {
      if (holds()) await lock?.release();
      else lock = await screen.lock();
      if (lock === null) break;
    }
    busy = false;
  };
  screen.onTurn(() => void settle());
  return settle;
}

export function browserScreen(): DeviceScreen {
  return {
    isInFront: () => document.visibilityState === 'visible',
    onTurn: (callback) => document.addEventListener('visibilitychange', callback),
    lock: async () => (await navigator.wakeLock?.request('screen').catch(() => null)) ?? null,
  };
}
