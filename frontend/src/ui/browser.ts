// Small parts of the browser that the room uses: keys.

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
