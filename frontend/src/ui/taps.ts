// The place of a button that was just tapped takes no other meaning for a while: a second tap that
// was meant for "Next: Topic" does not reach the "Next: Wrap-up" that has come there meanwhile, nor
// the row of the next person in line. Owns the cover that lies there. Knows no button by name.

export const SAME_MEANING_MS = 600;
const WATCHED_MS = 5000; // after a tap: how late an answer may still change its place

/** A tap: where, on what, and until when a change of its place counts. */
interface Tap {
  readonly x: number;
  readonly y: number;
  readonly place: DOMRect;
  readonly meaning: string;
  readonly until: number;
}

const WATCHED = {
  childList: true,
  subtree: true,
  characterData: true,
  attributes: true,
  attributeFilter: ['aria-label', 'aria-disabled', 'open', 'class'],
};

/** Watches the page below `root`; returns how to stop. */
export function oneMeaning(root: HTMLElement): () => void {
  let tap: Tap | null = null;
  const cover = coverOf();
  const tapped = (click: MouseEvent) => {
    const button = click.detail > 0 ? buttonOf(click.target) : null;
    if (!button) return;
    const [place, meaning] = [button.getBoundingClientRect(), meaningOf(button)];
    const until = performance.now() + WATCHED_MS;
    tap = { x: click.clientX, y: click.clientY, place, meaning, until };
  };
  const changed = () => {
    if (tap === null || cover.lies()) return;
    if (performance.now() > tap.until) tap = null;
    else if (hasOtherMeaning(tap)) {
      cover.lay(tap.place);
      tap = null;
    }
  };
  const held = (press: KeyboardEvent) => {
    if (press.repeat && press.key === 'Enter' && buttonOf(press.target)) press.preventDefault();
  };
  // The finger knows that everything has moved.
  const resized = () => {
    tap = null;
  };
  const watch = new MutationObserver(changed);
  watch.observe(root, WATCHED);
  root.addEventListener('click', tapped, true);
  root.addEventListener('keydown', held, true);
  window.addEventListener('resize', resized);
  return () => {
    watch.disconnect();
    cover.lift();
    root.removeEventListener('click', tapped, true);
    root.removeEventListener('keydown', held, true);
    window.removeEventListener('resize', resized);
  };
}

function buttonOf(target: EventTarget | null): Element | null {
  return target instanceof Element ? target.closest('button, a[href]') : null;
}

function meaningOf(button: Element): string {
  return button.getAttribute('aria-label') ?? button.textContent ?? '';
}

/** Another button has come to where the finger is, or the same one says something else. */
function hasOtherMeaning({ x, y, meaning }: Tap): boolean {
  const there = buttonOf(document.elementFromPoint(x, y));
  return there !== null && meaningOf(there) !== meaning;
}

/** Lies over the place and takes its taps; in the open dialog, since all else is inert then. */
function coverOf() {
  let laid: HTMLElement | null = null;
  const lift = () => {
    laid?.remove();
    laid = null;
  };
  const lay = ({ left, top, width, height }: DOMRect) => {
    laid = document.createElement('div');
    laid.className = 'tap-cover';
    laid.ariaHidden = 'true';
    const px = { left, top, width, height };
    for (const [side, length] of Object.entries(px)) laid.style.setProperty(side, `${length}px`);
    laid.addEventListener('pointerdown', (press) => press.preventDefault());
    (document.querySelector('dialog[open]') ?? document.body).append(laid);
    setTimeout(lift, SAME_MEANING_MS);
  };
  return { lay, lift, lies: () => laid !== null };
}
