// The room's page: joins the connection, the media and the state, and shows them.
// The only module that knows all four; each of them knows none of the others.
import '../../sessions/web/static/css/tokens.css';
import '../../sessions/web/static/css/base.css';
import './styles/room.css';
import './styles/desk.css';
import './styles/still.css';
import { signal } from '@preact/signals';
import { render } from 'preact';
import { OwnDevices, type Problems } from './devices';
import { listDevices, onDevicesChanged } from './media/devices';
import { Echo } from './media/echo';
import { meter } from './media/meter';
import { type MediaPeer, mediaPeer, supported } from './media/peer';
import type { Event } from './messages';
import { currentSegment } from './room/agenda';
import { announcement } from './room/announce';
import type { EchoView } from './room/echo';
import { myself } from './room/people';
import { reduce } from './room/reduce';
import { type Input, liveOf, type Notice, opening, type RoomState } from './room/state';
import { DEVICES } from './room/words';
import { type Connection, connect, type Reply, type Request } from './signaling/connection';
import { App } from './ui/app';
import { onKeys, stayAwake } from './ui/browser';
import type { Page, Streams, Verbs } from './ui/page';

type Renewal = Parameters<MediaPeer['offer']>[1];

const root = document.getElementById('room') as HTMLElement;
const given = root.dataset;

// ---- what is shown -----------------------------------------------------------------------

const state = signal<RoomState>(opening(supported.webrtc));
const now = signal(serverNow());
const own = signal<MediaStream | null>(null);
const level = signal(0);
const slots = signal<ReadonlyMap<number, Streams>>(new Map());
const silent = signal(false);
const keys = signal(true);
const said = signal('');

function serverNow(): number {
  const ms = Date.now() + (state?.peek().offsetMs ?? 0);
  return Math.floor(ms / 1000) * 1000;
}

/** The one way in which the state changes. What follows from the change is done after it. */
function dispatch(input: Input): void {
  const before = state.peek();
  const after = reduce(before, input);
  if (after === before) return;
  state.value = after;
  now.value = serverNow();
  said.value = announcement(before, after) || said.peek();
  follow(before, after);
}

// ---- the connection ----------------------------------------------------------------------

let connection: Connection | null = null;

function begin(): void {
  dispatch({ kind: 'joined' });
  const url = new URL(given.socket ?? '', location.href);
  url.protocol = url.protocol.replace('http', 'ws');
  const made: Connection = connect(
    url.href,
    {
      event: (event) => heard(event),
      status: (link, close) => {
        const resumed = link === 'open' && state.peek().link === 'reconnecting';
        dispatch({ kind: 'link', link, ...(close ? { close } : {}) });
        if (resumed) peer?.controlResumed();
      },
      clock: (offsetMs) => dispatch({ kind: 'clock', offsetMs }),
    },
    () => devices.truth(),
  );
  connection = made;
}

function heard(event: Event): void {
  dispatch({ kind: 'event', event });
  if (event.type === 'media.slot_owned') peer?.slotOwned(event.slot, event.key, event.csrc);
  if (event.type === 'media.slot_shown')
    peer?.slotShown(event.slot, event.key, event.rtp_timestamp);
  if (event.type === 'media.closed' && event.again) peer?.closed();
}

function end(): void {
  connection?.close();
  connection = null;
}

const LOST: Reply = { type: 'refused', id: 0, code: 'connection.lost', text: '' };

function send(request: Request): Promise<Reply> {
  return connection?.send(request) ?? Promise.resolve(LOST);
}

async function ask(request: Request): Promise<void> {
  const reply = await send(request);
  const about = request.type;
  if (reply.type === 'refused') dispatch({ kind: 'refused', about, refused: reply });
  else dispatch({ kind: 'done', about });
}

// ---- sound and pictures ------------------------------------------------------------------

let peer: MediaPeer | null = null;
/** The peer has its senders. Until then what is sent is not known, and nothing is told about it. */
let hasSenders = true;

function openMedia(): void {
  const made = mediaPeer({
    stream: (slot, video, audio) => {
      slots.value = new Map(slots.peek()).set(slot, { video, audio });
    },
    covered: (slot, covered, key) => dispatch({ kind: 'covered', slot, covered, key }),
    state: (media) => dispatch({ kind: 'media', media }),
    needed: (renewal) => void negotiate(renewal),
    sending: () => ownChanged(),
  });
  peer = made;
  hasSenders = false;
  void devices.sendTo(made);
  void negotiate('fresh');
}

function closeMedia(): void {
  peer?.close();
  peer = null;
  hasSenders = true;
  slots.value = new Map();
  void devices.sendTo(null);
  dispatch({ kind: 'media', media: 'idle' });
}

const REFUSED_AGAIN_MS = 500;

/** Carries one offer and its answer. Without an answer the peer asks for another. */
async function negotiate(renewal: Renewal): Promise<void> {
  const made = peer;
  const live = liveOf(state.peek().screen);
  if (!made || !live) return;
  const relays = await askRelays();
  if (made !== peer) return;
  const offer = await made.offer(live.mediaSlots, renewal, relays);
  if (made !== peer) return;
  hasSenders = true;
  ownChanged();
  const reply = await send({ type: 'media.offer', sdp: offer });
  if (made !== peer) return;
  if (reply.type === 'media.answer') await made.accept(reply.sdp, offer);
  else if (reply.type === 'refused' && reply.code !== 'connection.lost')
    setTimeout(() => made === peer && void negotiate(renewal), REFUSED_AGAIN_MS);
}

/** Ways to the node for networks that let nothing else out, where this installation has one. */
async function askRelays(): Promise<RTCIceServer[]> {
  if (given.relay === undefined) return [];
  const reply = await send({ type: 'media.relay' });
  if (reply.type !== 'media.relay_access' || reply.urls.length === 0) return [];
  const { urls, username, credential } = reply;
  return [{ urls: [...urls], username, credential }];
}

// ---- one's own devices -------------------------------------------------------------------

const devices = new OwnDevices({
  changed: ownChanged,
  problems: (problems) => {
    dispatch({ kind: 'own', own: problems });
    if (state.peek().screen.at !== 'check') tellProblems(problems);
  },
});

/** A sentence of the page's own for the status line. */
function tell(code: string, text: string, tone: Notice['tone']): void {
  dispatch({ kind: 'told', notice: { code, text, about: code, tone } });
}

/** After the check there is no place of its own for these words: they go to the status line. */
function tellProblems(problems: Partial<Problems>): void {
  const text =
    (problems.audioProblem && DEVICES.audio[problems.audioProblem]) ||
    (problems.videoProblem && DEVICES.video[problems.videoProblem]);
  if (text) tell('devices', text, 'refusal');
}

/** Shows what is true of one's own tracks, and tells the server when it has changed. */
function ownChanged(): void {
  const before = state.peek().own;
  const truth = devices.truth();
  if (own.peek()?.getVideoTracks()[0] !== devices.video)
    own.value = devices.video && new MediaStream([devices.video]);
  settleMeter();
  echo.send(devices.audio);
  if (!hasSenders) return;
  if (truth.microphone === before.microphone && truth.camera === before.camera) return;
  dispatch({ kind: 'own', own: truth });
  if (!liveOf(state.peek().screen)) return;
  if (truth.microphone !== before.microphone)
    void send({ type: 'me.microphone', on: truth.microphone });
  if (truth.camera !== before.camera) void send({ type: 'me.camera', on: truth.camera });
}

const echoView = signal<EchoView>({ at: 'idle' });
const echoSound = signal<MediaStream | null>(null);
const echo = new Echo(
  { url: given.echo ?? '', token: given.csrf ?? '', relay: given.relay !== undefined },
  {
    news: (news) => {
      echoView.value = news;
    },
    sound: (sound) => {
      echoSound.value = sound;
    },
  },
);

let metered: { track: MediaStreamTrack; stop: () => void } | null = null;

/** The meter runs before the room only. */
function settleMeter(): void {
  const { at } = state.peek().screen;
  const track = at === 'check' || at === 'lobby' ? devices.audio : null;
  if (metered?.track === track) return;
  metered?.stop();
  metered = track && { track, stop: meter(track, (loudness) => (level.value = loudness)) };
}

async function check(): Promise<void> {
  await devices.open();
  await listAgain();
  dispatch({ kind: 'own', own: { asked: true } });
}

async function listAgain(): Promise<void> {
  const { audio, video } = await listDevices();
  dispatch({
    kind: 'own',
    own: {
      audioDevices: audio,
      videoDevices: video,
      audioId: devices.choice.audioId ?? devices.audio?.getSettings().deviceId ?? null,
      videoId: devices.choice.videoId ?? devices.video?.getSettings().deviceId ?? null,
    },
  });
}

// ---- what follows from a change of state -------------------------------------------------

const WITH_MEDIA = ['room', 'break'];
const WITH_DEVICES = ['check', 'connecting', 'lobby', ...WITH_MEDIA];

function follow(before: RoomState, after: RoomState): void {
  const [was, is] = [before.screen.at, after.screen.at];
  if (before.screen === after.screen) return;
  if (isInside(after) && !peer) openMedia();
  if (!WITH_MEDIA.includes(is) && peer) closeMedia();
  followRules(before, after);
  if (was === is) return;
  root.dataset.screen = is;
  if (was === 'check') echo.close();
  if (!WITH_DEVICES.includes(is)) closeDevices(is);
  else if (!WITH_DEVICES.includes(was)) void devices.open();
  if (was === 'ended' && is === 'room') tell('room.reopened', reopenedWords(), 'news');
  settleMeter();
  void awake();
}

/** Let in, and known to be there: before that the node refuses an offer. */
function isInside({ screen }: RoomState): boolean {
  const live = liveOf(screen);
  return WITH_MEDIA.includes(screen.at) && live !== null && myself(live) !== null;
}

function isBreak(at: RoomState): boolean {
  const live = liveOf(at.screen);
  return live !== null && currentSegment(live.room.agenda)?.kind === 'break';
}

function reopenedWords(): string {
  const off = devices.wanted.camera ? 'Your microphone is' : 'Your microphone and camera are';
  return `The group is open again. ${off} off.`;
}

let cameraBefore = false;

/** Nobody is seen or heard again without a tap: only who comes back by one gets the camera back. */
function closeDevices(at: RoomState['screen']['at']): void {
  cameraBefore = devices.wanted.camera;
  devices.wanted = { microphone: false, camera: at === 'resting' && cameraBefore };
  devices.release();
}

/** Staff may close a microphone; a break closes everything, and microphones stay closed after. */
function followRules(before: RoomState, after: RoomState): void {
  const allowed = liveOf(after.screen)?.me.microphone_allowed ?? true;
  const [wasBreak, onBreak] = [isBreak(before), isBreak(after)];
  const wasAllowed = liveOf(before.screen)?.me.microphone_allowed ?? true;
  if (allowed === wasAllowed && onBreak === wasBreak) return;
  if (!allowed || onBreak) devices.wanted = { ...devices.wanted, microphone: false };
  void devices.allow({ microphone: allowed && !onBreak, camera: !onBreak });
}

const awake = stayAwake(() => ['lobby', ...WITH_MEDIA].includes(state.peek().screen.at));

// ---- the verbs ---------------------------------------------------------------------------

const verbs: Verbs = {
  check: () => void check(),
  choose: (choice) => void devices.choose(choice).then(listAgain),
  join: ({ audio, video }) => {
    const { microphone } = devices.wanted;
    void devices.want({ microphone: audio && microphone, camera: video });
    begin();
  },
  leave: () => {
    void send({ type: 'me.leave' }).then(end);
    dispatch({ kind: 'left' });
  },
  comeBack: () => {
    end();
    begin();
  },
  retry: () => connection?.retryNow(),
  switchMicrophone: () => void devices.want({ microphone: !devices.truth().microphone }),
  switchCamera: () => void devices.want({ camera: !devices.truth().camera }),
  switchHand: () => {
    const live = liveOf(state.peek().screen);
    if (live) void ask({ type: 'me.hand', raised: myself(live)?.hand_ms == null });
  },
  soundBlocked: (blocked) => {
    silent.value = blocked;
  },
  setKeys: (on) => {
    keys.value = on;
  },
  dismiss: () => dispatch({ kind: 'dismissed' }),
  ask: (command) => {
    if (command.type === 'room.reopen')
      devices.wanted = { microphone: false, camera: cameraBefore };
    void ask(command);
  },
};

function inRoom(verb: () => void): () => void {
  return () => {
    if (state.peek().screen.at === 'room') verb();
  };
}

function switchMicrophoneIfAllowed(): void {
  if (liveOf(state.peek().screen)?.me.microphone_allowed) verbs.switchMicrophone();
}

// ---- the start ---------------------------------------------------------------------------

const page: Page = {
  ...{ state, now, own, level, slots, silent, keys, said, verbs },
  echo: {
    view: echoView,
    sound: echoSound,
    start: () => {
      if (devices.audio) void echo.start(devices.audio);
    },
    stop: () => echo.stop(),
  },
  name: given.name ?? '',
  home: given.home ?? '/',
  staffPhone: given.staffPhone ?? '',
};

onKeys(
  {
    m: inRoom(switchMicrophoneIfAllowed),
    v: inRoom(verbs.switchCamera),
    h: inRoom(verbs.switchHand),
  },
  () => keys.peek(),
);
onDevicesChanged(() => void listAgain());
setInterval(() => {
  now.value = serverNow();
}, 250);
root.dataset.screen = state.peek().screen.at;
root.replaceChildren();
render(<App page={page} />, root);
if (supported.webrtc) void check();
