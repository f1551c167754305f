// Runs in a page of the fault runner, after colours.js. Writes down, five times a second, what of
// other people's sound has arrived, and when the line that says "reconnecting" was on the screen;
// and tells the runner what the page itself sends and is handed by its websocket. A frame that
// came for a socket that the page has let go of is none of these. The runner takes it all away,
// often. Instants: ms since 1970.
(() => {
  const clock = () => performance.timeOrigin + performance.now();
  const tell = (kind, text) => window.__seen.frames.push({ at: clock(), kind, text });
  window.__seen = { frames: [], samples: [], banners: [] };

  /** Only what our pages use of a websocket: onmessage, onclose, send. */
  window.WebSocket = class extends WebSocket {
    set onmessage(heard) {
      super.onmessage = heard && ((message) => {
        tell('received', message.data);
        heard(message);
      });
    }
    set onclose(heard) {
      super.onclose = heard && ((close) => {
        tell('closed', String(close.code));
        heard(close);
      });
      if (heard === null) tell('closed', '1006');
    }
    send(text) {
      tell('sent', text);
      super.send(text);
    }
  };

  const EVERY_MS = 200;
  const before = new WeakMap();

  const sample = async () => {
    const peer = (window.__peers ?? []).filter((one) => one.connectionState === 'connected').at(-1);
    if (!peer) {
      window.__seen.samples.push({ at: clock(), growing: 0, received: 0, lost: 0, frames: 0 });
      return;
    }
    const stats = [...(await peer.getStats()).values()].filter((s) => s.type === 'inbound-rtp');
    const counts = before.get(peer) ?? new Map();
    before.set(peer, counts);
    const sum = { at: clock(), growing: 0, received: 0, lost: 0, frames: 0 };
    for (const stream of stats) {
      if (stream.kind === 'video') sum.frames += stream.framesDecoded;
      if (stream.kind !== 'audio') continue;
      sum.received += stream.packetsReceived;
      sum.lost += stream.packetsLost;
      if (stream.packetsReceived > (counts.get(stream.id) ?? 0)) sum.growing += 1;
      counts.set(stream.id, stream.packetsReceived);
    }
    window.__seen.samples.push(sum);
  };
  const again = () => void sample().finally(() => setTimeout(again, EVERY_MS));
  again();

  let banner = false;
  const look = () => {
    const shown = document.querySelector('[data-banner=reconnecting]') !== null;
    if (banner === shown) return;
    banner = shown;
    window.__seen.banners.push({ at: clock(), shown });
  };
  addEventListener('DOMContentLoaded', () => {
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true });
  });
})();
