// Wakes the first page when a door opens: asks the server for the page again, shows its cards in
// place of the old ones, and says so to screen readers. The server's clock counts: its times stand
// on the page, and the device's clocks only say how long ago the page was made. The later of the
// two is believed: one stops while the device sleeps, the other may be set back. One that runs
// ahead is put right by the next answer.
const SPREAD_MS = 2_000; // a group's pages do not all ask at once
const RETRY_MS = 10_000;
const says = document.querySelector('[data-door-says]');
let made; // when the page was made: by the server's clock, and the device's two
let due; // when to ask, by the server's clock
let asking = false;

const cards = (page) => page.querySelector('[data-now]');
const open = (part) => part.querySelectorAll('[data-door]').length;

function plan() {
  const part = cards(document);
  made = { server: Number(part.dataset.now), wall: Date.now(), steady: performance.now() };
  const closed = [...part.querySelectorAll('[data-opens]')];
  const opens = closed.map((one) => Number(one.dataset.opens));
  due = Math.min(...opens) + Math.random() * SPREAD_MS; // Infinity: nothing opens
}

function now() {
  return made.server + Math.max(Date.now() - made.wall, performance.now() - made.steady);
}

function disturbs() {
  const locked = document.querySelector('.shell').hidden;
  const typing = document.activeElement?.matches('input, textarea, select');
  return document.hidden || locked || typing;
}

function show(part) {
  const old = cards(document);
  const href = old.contains(document.activeElement) ? document.activeElement.href : '';
  const opened = open(part) > open(old);
  old.replaceWith(part);
  for (const link of part.querySelectorAll('a')) if (link.href === href) link.focus();
  says.textContent = opened ? 'The door is open. You can come in.' : 'Your groups have changed.';
}

async function ask() {
  const headers = { 'X-Unattended': '1' }; // nobody touched the page: the idle lock goes on
  const answer = await fetch(location.pathname, { headers, cache: 'no-store' });
  if (answer.redirected) return location.reload(); // signed out, or locked
  if (!answer.ok) throw new Error('no page');
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  show(cards(page));
  plan();
}

async function look() {
  if (asking || now() < due || disturbs()) return;
  asking = true;
  await ask().catch(() => {
    due = now() + RETRY_MS;
  });
  asking = false;
}

plan();
document.addEventListener('visibilitychange', look);
window.addEventListener('pageshow', look);
setInterval(look, 1000);
