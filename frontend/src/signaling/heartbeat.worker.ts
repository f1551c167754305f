/**
 * Beats while the page is in the background: a hidden tab's own timers are slowed to one a second,
 * then to one a minute, a worker's are not. Owns one interval; receives its length in milliseconds.
 */

let interval: ReturnType<typeof setInterval> | undefined;

self.onmessage = (message: MessageEvent<number>): void => {
  clearInterval(interval);
  interval = setInterval(() => self.postMessage(null), message.data);
};
