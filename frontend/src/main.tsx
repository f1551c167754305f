// The room's page: starts the session and shows it. Wiring only.
import '../../sessions/web/static/css/tokens.css';
import '../../sessions/web/static/css/base.css';
import './styles/room.css';
import './styles/desk.css';
import './styles/still.css';
import { render } from 'preact';
import { browserParts } from './session/browser';
import { keyVerbs, pageOf } from './session/page';
import { RoomSession } from './session/session';
import { App } from './ui/app';
import { browserScreen, stayAwake } from './ui/awake';
import { onKeys } from './ui/browser';

const CLOCK_MS = 250;

const root = document.getElementById('room') as HTMLElement;
const session = new RoomSession(browserParts(root.dataset));
const page = pageOf(session, root.dataset);
const settleAwake = stayAwake(() => session.keepsAwake, browserScreen());

onKeys(keyVerbs(page, session), () => page.keys.peek());
setInterval(() => session.page.tick(), CLOCK_MS);
root.replaceChildren();
render(
  <App
    page={page}
    onShown={(at) => {
      root.dataset.screen = at;
      void settleAwake();
    }}
  />,
  root,
);
session.start();
