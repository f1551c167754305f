// What the tests ask of a page about its width and the way of the Tab key through it. Kept on the
// window; it changes nothing that a person sees but the size of letters, and that back again.
(() => {
  const KINDS =
    'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex], audio[controls]';
  let looks = new Map();

  /** A modal dialog takes everything behind it out of the way. */
  const ground = () => [...document.querySelectorAll('dialog:modal')].at(-1) ?? document.body;

  const canStop = (element) =>
    element.tabIndex >= 0 &&
    !element.matches(':disabled') &&
    !element.closest('[inert]') &&
    element.checkVisibility({ visibilityProperty: true });

  /** Of radio buttons with one name the checked one is a stop, or else the first. */
  const isRadioAside = (element) => {
    if (!element.matches('input[type=radio]')) return false;
    const group = [...document.querySelectorAll('input[type=radio]')].filter(
      ({ name, form }) => name === element.name && form === element.form,
    );
    return element !== (group.find(({ checked }) => checked) ?? group[0]);
  };

  const around = (element) =>
    [element, element.parentElement, ...(element.labels ?? []), element.nextElementSibling].filter(Boolean);

  /** What can show the focus: of the element, and of what stands for a box that is drawn anew. */
  const look = (element) =>
    around(element)
      .map((one) => {
        const { outline, boxShadow, borderColor, backgroundColor, textDecoration } = getComputedStyle(one);
        return [outline, boxShadow, borderColor, backgroundColor, textDecoration].join();
      })
      .join('|');

  const stops = () => {
    document.activeElement?.blur?.();
    const found = [...ground().querySelectorAll(KINDS)].filter(
      (element) => canStop(element) && !isRadioAside(element),
    );
    looks = new Map(found.map((element) => [element, look(element)]));
    return found.map((element) => element.outerHTML.slice(0, 160));
  };

  const isCovered = (element) => {
    const box = element.getBoundingClientRect();
    if (box.width < 4 || box.height < 4) return false; // its label stands for it
    const points = [
      [box.left + box.width / 2, box.top + box.height / 2],
      [box.left + 3, box.top + 3],
      [box.right - 3, box.bottom - 3],
    ];
    return points.every(([x, y]) => {
      const top = document.elementFromPoint(x, y);
      return !top || !around(element).some((one) => one.contains(top) || top.contains(one));
    });
  };

  /** The stop that has the focus, and what is wrong there; null where none has it. */
  const focused = () => {
    const element = document.activeElement;
    const stop = [...looks.keys()].indexOf(element);
    if (stop < 0) return null;
    const faults = [];
    if (look(element) === looks.get(element)) faults.push('does not show the focus');
    if (isCovered(element)) faults.push('is covered');
    return { stop, faults };
  };

  const beside = (inner, outer) => inner.left < outer.left - 2 || inner.right > outer.right + 2;

  /** What ends at its own edge: an ellipsis says so, and a wide table scrolls by itself. */
  const ends = (box, isInTable) => {
    const { overflowX, textOverflow } = getComputedStyle(box);
    if (overflowX === 'visible' || textOverflow === 'ellipsis') return false;
    return overflowX === 'hidden' || overflowX === 'clip' || !isInTable;
  };

  /** The words that something hides sideways though the page itself does not scroll. */
  const isCut = (text) => {
    const owner = text.parentElement;
    if (!text.data.trim() || !owner.checkVisibility({ visibilityProperty: true })) return false;
    if (owner.closest('.vh, .skip, option') || getComputedStyle(owner).clipPath !== 'none') return false;
    const range = document.createRange();
    range.selectNodeContents(text);
    const words = range.getBoundingClientRect();
    for (let box = owner; box; box = box.parentElement) {
      const { clipPath, textOverflow } = getComputedStyle(box);
      if (clipPath !== 'none' || textOverflow === 'ellipsis') return false; // for ears, or told
      if (ends(box, owner.closest('table')) && beside(words, box.getBoundingClientRect())) return true;
      if (getComputedStyle(box).position === 'fixed') return false; // what is around it cuts it not
    }
    return false;
  };

  const cut = () => {
    const found = [];
    const texts = document.createTreeWalker(ground(), NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) if (isCut(texts.currentNode)) found.push(texts.currentNode.data.trim().slice(0, 80));
    return found;
  };

  const overlap = (a, b) =>
    Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2 &&
    Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 2;

  /** Neighbours that can be tapped, one lying on the other. */
  const crowded = () => {
    const found = [...ground().querySelectorAll('a[href], button')].filter(canStop);
    const box = (element) => element.getBoundingClientRect();
    return found
      .filter((one) =>
        found.some((it) => it !== one && it.parentElement === one.parentElement && overlap(box(it), box(one))),
      )
      .filter((one) => !one.matches('.skip'))
      .map((one) => one.innerText.slice(0, 80));
  };

  window.__usable = {
    cut,
    crowded,
    stops,
    focused,
    excess: () => document.documentElement.scrollWidth - innerWidth,
    grow: () => {
      const size = () => Number.parseFloat(getComputedStyle(document.body).fontSize);
      const before = size();
      document.documentElement.style.fontSize = '200%';
      return size() > before * 1.9;
    },
    shrink: () => document.documentElement.style.removeProperty('font-size'),
  };
})();
