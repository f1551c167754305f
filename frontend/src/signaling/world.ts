/**
 * What a connection needs of the browser: a socket, clocks, timers, a beat, and a signal when the
 * network or the person comes back. Tests bring a world of their own. Knows no messages.
 */

/** What a socket reports. */
export interface SocketListener {
  opened(): void;
  received(frame: string): void;
  closed(code: number, reason: string): void;
}

export interface Socket {
  send(frame: string): void;
  /** Closes, and reports nothing from then on. */
  abandon(): void;
}

export interface World {
  /** Opens a websocket to a path of this page's own origin. */
  open(path: string, on: SocketListener): Socket;
  /** Monotonic milliseconds. */
  now(): number;
  /** Milliseconds since 1970, by this device's own clock. */
  wallNow(): number;
  /** In [0, 1). */
  random(): number;
  /** Calls back once after `ms`; returns how to cancel it. */
  after(ms: number, callback: () => void): () => void;
  /** Calls back every `ms`, in a background tab too; returns how to stop. */
  beat(ms: number, callback: () => void): () => void;
  /** Calls back when the network comes back or the page is looked at again. */
  wake(callback: () => void): () => void;
}

export const browserWorld: World = {
  open: openWebSocket,
  now: () => performance.now(),
  wallNow: () => Date.now(),
  random: () => Math.random(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
  beat: beatInWorker,
  wake(callback) {
    const seen = () => {
      if (document.visibilityState === 'visible') callback();
    };
    window.addEventListener('online', callback);
    window.addEventListener('pageshow', callback);
    document.addEventListener('visibilitychange', seen);
    return () => {
      window.removeEventListener('online', callback);
      window.removeEventListener('pageshow', callback);
      document.removeEventListener('visibilitychange', seen);
    };
  },
};

function openWebSocket(path: string, on: SocketListener): Socket {
  const socket = new WebSocket(new URL(path, location.href.replace(/^http/, 'ws')));
  socket.onopen = () => on.opened();
  socket.onmessage = (message) => on.received(String(message.data));
  socket.onclose = (close) => on.closed(close.code, close.reason);
  return {
    send: (frame) => socket.send(frame),
    abandon() {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close(1000);
    },
  };
}

/** From a worker; from a plain timer as well until, or in case, the worker does not run. */
function beatInWorker(ms: number, callback: () => void): () => void {
  const timer = setInterval(callback, ms);
  const worker = new Worker(new URL('./heartbeat.worker.ts', import.meta.url), { type: 'module' });
  worker.onmessage = () => {
    clearInterval(timer);
    callback();
  };
  worker.postMessage(ms);
  return () => {
    clearInterval(timer);
    worker.terminate();
  };
}
