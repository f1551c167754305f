// Keeps the keyboard's place: when the focused element is removed (the row of somebody who left, a
// message that was closed), the focus moves to the panel it was in, or to the page's heading.

const PANEL = '[role=tabpanel]';

/** Watches the page below `root`; returns how to stop. */
export function keepFocus(root: HTMLElement): () => void {
  let last: HTMLElement | null = null;
  let panel: HTMLElement | null = null;
  const noted = ({ target }: FocusEvent) => {
    last = target as HTMLElement;
    panel = last.closest<HTMLElement>(PANEL);
  };
  const watch = new MutationObserver(() => {
    if (!last || last.isConnected || document.activeElement !== document.body) return;
    const place = panel?.isConnected ? panel : root.querySelector<HTMLElement>('h1');
    place?.focus({ preventScroll: true });
  });
  root.addEventListener('focusin', noted);
  watch.observe(root, { childList: true, subtree: true });
  return () => {
    root.removeEventListener('focusin', noted);
    watch.disconnect();
  };
}
