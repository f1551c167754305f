// Small parts of the browser that the room uses: keys, the screen that stays awake.

const FIELDS = 'input, textarea, select, [contenteditable]';

/** Calls the verb of a single key, outside fields and without modifiers. Returns how to stop. */
export function onKeys(verbs: Readonly<Record<string, () => void>>, on: () => boolean): () => void {
  const pressed = (press: KeyboardEvent) => {
    const inField = press.target instanceof Element && press.target.matches(FIELDS);
    if (inField || !on() || press.ctrlKey || press.metaKey || press.altKey || press.repeat) return;
    verbs[press.key.toLowerCase()]?.();
  };
  document.addEventListener('keydown', pressed);
  return () => document.removeEventListener('keydown', pressed);
}

/** Keeps the screen awake while `wanted()`; asks again when the page comes back to the front. */
export function stayAwake(wanted: () => boolean): () => Promise<void> {
  let lock: WakeLockSentinel | null = null;
  const settle = async () => {
    if (!wanted()) {
      await lock?.release();
      lock = null;
    } else if (document.visibilityState === 'visible' && (lock === null || lock.released)) {
      lock = await navigator.wakeLock?.request('screen').catch(() => null);
    }
  };
  document.addEventListener('visibilitychange', () => void settle());
  return settle;
}
