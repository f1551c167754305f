// Runs before any script of the page, in the hand-over test only: notes every frame that a tile of
// the page presents, with the name on that tile, its colour, and whether it could be seen. A frame
// that was hidden only after it had been handed to the screen could be seen: the page hears of a
// frame later than the eye.
(() => {
  const OPEN = { opacityProperty: true, visibilityProperty: true };
  const seen = [];
  /** When each element was last hidden, in milliseconds of performance.now(). */
  const hiddenAt = new WeakMap();
  const watched = new WeakSet();
  const pen = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });

  const colourOf = (video) => {
    pen.drawImage(video, video.videoWidth / 2, video.videoHeight / 2, 1, 1, 0, 0, 1, 1);
    return [...pen.getImageData(0, 0, 1, 1).data.subarray(0, 3)];
  };

  const watch = (video) => {
    if (watched.has(video)) return;
    watched.add(video);
    let visible = video.checkVisibility(OPEN);
    new MutationObserver(() => {
      const is = video.checkVisibility(OPEN);
      if (visible && !is) hiddenAt.set(video, performance.now());
      visible = is;
    }).observe(video, { attributes: true, attributeFilter: ['class'] });
    const presented = (_now, frame) => {
      video.requestVideoFrameCallback(presented);
      const name = video.closest('[data-name]')?.dataset.name;
      if (name === undefined || video.videoWidth === 0) return;
      const open = video.checkVisibility(OPEN) || hiddenAt.get(video) > frame.presentationTime;
      seen.push({ name, open, colour: colourOf(video) });
    };
    video.requestVideoFrameCallback(presented);
  };

  new MutationObserver(() => {
    for (const video of document.querySelectorAll('[data-name] video')) watch(video);
  }).observe(document, { childList: true, subtree: true });

  window.__seen = seen;
  /** Frames of that name which could be seen. */
  window.__opened = (name) => seen.filter((frame) => frame.open && frame.name === name).length;
})();
