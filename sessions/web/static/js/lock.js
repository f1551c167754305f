// The lock of a page that stays open: after so long without a touch its content is hidden, and
// the way to open it again is shown. The server locks by itself; this hides what is on the screen.
// A touch on this page is told to the server at most once a minute, so that who writes for long
// is not locked out; a touch in another tab counts too, because the server is asked first.
const panel = document.querySelector('[data-lock]');
const soon = document.querySelector('[data-lock-soon]');
const content = document.querySelector('.shell');
const MINUTE = 60_000;
let until = Date.now() + Number(panel.dataset.lock) * 1000;
let told = Date.now();
let changed = false;

async function left(method) {
  const token = document.querySelector('[name=csrfmiddlewaretoken]')?.value ?? '';
  const answer = await fetch(panel.dataset.ask, { method, headers: { 'X-CSRFToken': token } });
  return answer.ok ? (await answer.json()).left : 0;
}

function show(locked) {
  const was = content.hidden;
  panel.hidden = !locked;
  content.hidden = locked;
  if (locked && !was) panel.querySelector('h1').focus();
}

function count(seconds) {
  until = Date.now() + seconds * 1000;
  soon.hidden = true;
  show(seconds <= 0);
}

async function ask(method) {
  try {
    count(await left(method));
  } catch {
    count(method === 'POST' ? (until - Date.now()) / 1000 : 0);
  }
}

function touched() {
  if (content.hidden || Date.now() - told < MINUTE) return;
  told = Date.now();
  void ask('POST');
}

function look() {
  if (content.hidden) return;
  if (Date.now() >= until) void ask('GET');
  else soon.hidden = until - Date.now() > MINUTE;
}

function comeBack() {
  if (!document.hidden && (content.hidden || Date.now() >= until)) void ask('GET');
}

for (const kind of ['keydown', 'pointerdown', 'input']) document.addEventListener(kind, touched);
document.addEventListener('input', () => {
  changed = true;
});
document.addEventListener('visibilitychange', comeBack);
window.addEventListener('focus', comeBack);
window.addEventListener('pageshow', (event) => event.persisted && void ask('GET'));
panel.querySelector('a').addEventListener('click', (event) => {
  // what was typed here stays: the lock is opened in another tab
  if (changed) event.currentTarget.target = '_blank';
});
setInterval(look, 1000);
