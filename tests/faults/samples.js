// Runs in a page of the fault runner, after colours.js. Writes down, five times a second, what of
// other people's sound has arrived, and when the line that says "reconnecting" was on the screen.
// Instants are performance.now().
(() => {
  const EVERY_MS = 200;
  const before = new WeakMap();
  window.__samples = [];
  window.__banners = [];

  const sample = async () => {
    const peer = (window.__peers ?? []).filter((one) => one.connectionState === 'connected').at(-1);
    if (!peer) {
      window.__samples.push({ at: performance.now(), growing: 0, received: 0, lost: 0, frames: 0 });
      return;
    }
    const stats = [...(await peer.getStats()).values()].filter((s) => s.type === 'inbound-rtp');
    const counts = before.get(peer) ?? new Map();
    before.set(peer, counts);
    const sum = { at: performance.now(), growing: 0, received: 0, lost: 0, frames: 0 };
    for (const stream of stats) {
      if (stream.kind === 'video') sum.frames += stream.framesDecoded;
      if (stream.kind !== 'audio') continue;
      sum.received += stream.packetsReceived;
      sum.lost += stream.packetsLost;
      if (stream.packetsReceived > (counts.get(stream.id) ?? 0)) sum.growing += 1;
      counts.set(stream.id, stream.packetsReceived);
    }
    window.__samples.push(sum);
  };
  const again = () => void sample().finally(() => setTimeout(again, EVERY_MS));
  again();

  const look = () => {
    const shown = document.querySelector('[data-banner=reconnecting]') !== null;
    if (window.__banners.at(-1)?.shown === shown) return;
    window.__banners.push({ at: performance.now(), shown });
  };
  addEventListener('DOMContentLoaded', () => {
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true });
  });
})();
