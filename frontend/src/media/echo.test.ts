// One echo from its start to its report, before a server and a peer connection that behave.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Echo, type EchoNews } from './echo';

const TRACK = {} as MediaStreamTrack;
const REPORT = { received: 100, lost: 0, jitter_ms: 5, heard: true };

/** Connects when the test says so. */
class FakePeer {
  static made: FakePeer[] = [];
  connectionState: RTCPeerConnectionState = 'new';
  localDescription = { sdp: 'the offer' };
  onconnectionstatechange: (() => void) | null = null;
  sent: unknown = null;

  constructor(readonly configuration: RTCConfiguration) {
    FakePeer.made.push(this);
  }

  addTransceiver(track: unknown) {
    if (this.sent === null) this.sent = track;
    const replaceTrack = async (other: unknown) => {
      this.sent = other;
    };
    return { sender: { track, replaceTrack }, receiver: { track: {} } };
  }

  async setLocalDescription() {}
  async setRemoteDescription() {}
  async getStats() {
    return new Map();
  }

  become(state: RTCPeerConnectionState) {
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }

  close() {
    this.connectionState = 'closed';
  }
}

/** Answers by path; keeps what was asked, in order. */
class FakeServer {
  asked: string[] = [];
  answers: Record<string, () => Promise<unknown>> = {
    '/echo/': async () => ({ sdp: 'the answer', seconds: 60 }),
    '/echo/report/': async () => ({ report: REPORT }),
    '/echo/relay/': async () => ({ urls: ['turns:relay'], username: 'u', credential: 'c' }),
    '/echo/end/': async () => ({}),
  };

  fetch = async (url: string) => {
    this.asked.push(url);
    const body = await this.answers[url]?.();
    return { json: async () => body };
  };
}

let server: FakeServer;
let news: EchoNews[];
let sounds: (MediaStream | null)[];

function echo(relay = false): Echo {
  return new Echo(
    { url: '/echo/', token: 't', relay },
    { news: (one) => news.push(one), sound: (one) => sounds.push(one) },
  );
}

const newest = () => FakePeer.made.at(-1) as FakePeer;
const states = () => news.map((one) => one.at);

beforeEach(() => {
  vi.useFakeTimers();
  [server, news, sounds, FakePeer.made] = [new FakeServer(), [], [], []];
  vi.stubGlobal('RTCPeerConnection', FakePeer);
  vi.stubGlobal('MediaStream', class {});
  vi.stubGlobal('fetch', server.fetch);
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

async function listening(): Promise<Echo> {
  const made = echo();
  await made.start(TRACK);
  newest().become('connected');
  await vi.advanceTimersByTimeAsync(1000);
  return made;
}

test('listens once it is connected, and reports when it is stopped', async () => {
  const made = await listening();
  made.stop();
  await vi.advanceTimersByTimeAsync(0);
  expect(states()).toEqual(['idle', 'connecting', 'listening', 'report']);
  expect(news.at(-1)).toMatchObject({ figures: { uplink: { received: 100 }, heard: true } });
  expect([newest().connectionState, sounds.at(-1)]).toEqual(['closed', null]);
  expect(server.asked.at(-1)).toBe('/echo/end/');
});

test('a refusal is shown in the server’s words', async () => {
  server.answers['/echo/'] = async () => ({ code: 'echo.busy', text: 'Wait a minute.' });
  await echo().start(TRACK);
  expect(news.at(-1)).toEqual({ at: 'failed', text: 'Wait a minute.' });
});

test('an answer that is none of ours fails in our own words', async () => {
  server.answers['/echo/'] = async () => Promise.reject(new Error('a page'));
  await echo().start(TRACK);
  expect(states().at(-1)).toBe('failed');
});

test('stopping before it is connected says nothing', async () => {
  const made = echo();
  await made.start(TRACK);
  made.stop();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(states().slice(-2)).toEqual(['connecting', 'idle']);
  expect(newest().connectionState).toBe('closed');
});

test('a node that is not reached within ten seconds fails', async () => {
  await echo().start(TRACK);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(states().at(-1)).toBe('connecting');
  await vi.advanceTimersByTimeAsync(1_000);
  expect(states().at(-1)).toBe('failed');
});

test('it ends with a report before the server ends it', async () => {
  await listening();
  await vi.advanceTimersByTimeAsync(57_000);
  expect(states().at(-1)).toBe('report');
});

// Kills: the end of the first that comes after the second was asked for, and ends that one.
test('another is asked for only when the end of the last has arrived', async () => {
  let ended = () => {};
  server.answers['/echo/end/'] = () => new Promise((done) => (ended = () => done({})));
  const made = await listening();
  const again = made.start(TRACK);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(server.asked.filter((url) => url === '/echo/')).toHaveLength(1);
  ended();
  await again;
  expect(server.asked.filter((url) => url === '/echo/')).toHaveLength(2);
});

test('another microphone is sent at once, none changes nothing', async () => {
  const made = await listening();
  const other = { id: 'other' } as MediaStreamTrack;
  made.send(other);
  made.send(null);
  expect(newest().sent).toBe(other);
});

test('the relay is asked for where there is one', async () => {
  await echo(true).start(TRACK);
  expect(newest().configuration.iceServers).toEqual([
    { urls: ['turns:relay'], username: 'u', credential: 'c' },
  ]);
  await echo().start(TRACK);
  expect(newest().configuration.iceServers).toEqual([]);
});
