// The connection against a server played by the test, with time of its own.
import { beforeEach, expect, test } from 'vitest';
import type { Event, Snapshot, Speaking } from '../messages';
import { type Close, type Connection, type ConnectionStatus, connect } from './connection';
import { FakeWorld } from './fake-world';

let world: FakeWorld;
let events: Event[];
let statuses: [ConnectionStatus, Close | undefined][];
let offsets: number[];
let connection: Connection;

beforeEach(() => {
  world = new FakeWorld();
  [events, statuses, offsets] = [[], [], []];
  const on = {
    event: (event: Event) => void events.push(event),
    status: (status: ConnectionStatus, close?: Close) => void statuses.push([status, close]),
    clock: (offset: number) => void offsets.push(offset),
  };
  connection = connect('/ws/rooms/r/', on, () => ({ microphone: true, camera: false }), world);
  connection.enter();
});

const reported: ConnectionStatus[] = [];
const silent = {
  event: (event: Event) => void events.push(event),
  status: (status: ConnectionStatus) => void reported.push(status),
  clock: () => {},
};
beforeEach(() => void reported.splice(0));

const SPEAKING: Speaking = { type: 'speaking', keys: ['k'] };

/** Something of the stream; what else a snapshot holds does not matter to the connection. */
function streamed(epoch: string, seq: number): Event {
  return { type: 'participant.left', epoch, seq, key: 'k', version: 1, reason: 'left' };
}

/** The server takes the newest socket and its hello. */
function welcome(): void {
  world.socket.accept();
  world.socket.deliver({ type: 'ok', id: world.socket.last('hello').id });
}

test('SIG1: hello is the first command, with the true state of the devices', () => {
  world.socket.accept();
  const { id, ...hello } = world.socket.last('hello');
  expect(world.socket.received).toHaveLength(1);
  expect(hello).toEqual({ type: 'hello', microphone: true, camera: false });
  expect(statuses).toEqual([['connecting', undefined]]);
});

test('socket is opened ahead of time, kept by pings, and says hello when the person enters', () => {
  connection.close();
  const kept = connect('/ws/rooms/r/', silent, () => ({ microphone: true, camera: true }), world);
  world.socket.accept();
  world.pass(1000);
  world.socket.deliver({ type: 'pong', id: world.socket.last('ping').id, now_ms: 0 });
  world.pass(2000);
  expect(new Set(world.socket.received.map(({ type }) => type))).toEqual(new Set(['ping']));
  world.socket.deliver({ type: 'pong', id: world.socket.last('ping').id, now_ms: 0 });
  kept.enter();
  expect(world.socket.last('hello')).toMatchObject({ camera: true });
  world.socket.deliver({ type: 'ok', id: world.socket.last('hello').id });
  expect(world.sockets).toHaveLength(2);
  expect(reported).toEqual(['connecting', 'open']);
});

test('socket that was lost before the person entered is opened again without a word', () => {
  connection.close();
  const kept = connect('/ws/rooms/r/', silent, () => ({ microphone: true, camera: true }), world);
  world.socket.close(4401);
  world.pass(60_000);
  expect([world.sockets.length, reported]).toEqual([2, []]);
  kept.enter();
  world.socket.accept();
  expect([world.socket.received[0]?.type, reported]).toEqual(['hello', ['connecting']]);
});

test('connection is open when the hello is answered, or with the snapshot', () => {
  welcome();
  expect(statuses.at(-1)).toEqual(['open', undefined]);
  world.socket.close(1006);
  world.pass(0);
  world.socket.accept();
  world.socket.deliver({ type: 'snapshot', epoch: 'e', seq: 1 } as Snapshot);
  expect(statuses.at(-1)).toEqual(['open', undefined]);
});

test('SIG1: hello after a loss carries the last epoch and seq that were handed on', () => {
  welcome();
  world.socket.deliver(streamed('e1', 41));
  world.socket.deliver(streamed('e1', 42));
  world.socket.deliver(SPEAKING);
  world.socket.close(1006);
  world.pass(0);
  world.socket.accept();
  expect(world.socket.last('hello')).toMatchObject({ epoch: 'e1', seq: 42 });
});

test('R1: loss with the server alive is followed by an attempt at once', () => {
  welcome();
  world.socket.close(1006);
  expect(statuses.at(-1)).toEqual(['reconnecting', { code: 1006, text: '' }]);
  world.pass(0);
  expect(world.sockets).toHaveLength(2);
});

test('R2: connection that swallows everything is noticed within four seconds', () => {
  welcome();
  world.pass(4000);
  expect(statuses.at(-1)).toEqual(['reconnecting', { code: 1006, text: '' }]);
  expect(world.sockets[0]?.abandoned).toBe(true);
});

test('SIG2: connection whose pings are answered stays', () => {
  welcome();
  for (let i = 0; i < 40; i += 1) {
    world.socket.deliver({ type: 'pong', id: world.socket.last('ping').id, now_ms: 0 });
    world.pass(1000);
  }
  expect(world.sockets).toHaveLength(1);
});

test('attempts that fail wait longer, an answered hello resets the delay', () => {
  const opened: number[] = [];
  for (let attempt = 0; attempt < 4; attempt += 1) {
    world.socket.close(1006);
    const before = world.sockets.length;
    const started = world.time;
    while (world.sockets.length === before) world.pass(50);
    opened.push(world.time - started);
  }
  expect(opened).toEqual([50, 300, 1000, 2000]);
  welcome();
  world.socket.close(1006);
  world.pass(0);
  expect(world.sockets).toHaveLength(6);
});

test('attempt that gets no answer is given up after four seconds', () => {
  world.pass(4000);
  expect(world.sockets).toHaveLength(2);
  expect(world.sockets[0]?.abandoned).toBe(true);
});

test('server that takes the socket but not the hello is not asked in a tight loop', () => {
  for (let i = 0; i < 20; i += 1) {
    world.socket.accept();
    world.socket.close(1011);
    world.pass(100);
  }
  expect(world.sockets.length).toBeLessThan(5);
});

test('network or person that comes back ends the waiting', () => {
  for (let i = 0; i < 5; i += 1) {
    world.socket.close(1006);
    if (i < 4) world.pass(5000);
  }
  const before = world.sockets.length;
  world.wakeUp();
  expect(world.sockets).toHaveLength(before + 1);
});

test('network that changes under an open connection is asked at once', () => {
  welcome();
  const before = world.socket.received.length;
  world.wakeUp();
  expect(world.socket.received.slice(before).map(({ type }) => type)).toEqual(['ping']);
});

test('command resolves with its own reply', async () => {
  welcome();
  const reply = connection.send({ type: 'me.hand', raised: true });
  world.socket.deliver({ type: 'ok', id: world.socket.last('me.hand').id });
  expect(await reply).toEqual({ type: 'ok', id: world.socket.last('me.hand').id });
});

test('command on a connection that drops is refused, and so is one without a connection', async () => {
  expect(await connection.send({ type: 'room.start' })).toMatchObject({ code: 'connection.lost' });
  welcome();
  const reply = connection.send({ type: 'room.start' });
  world.socket.close(1006);
  expect(await reply).toMatchObject({ type: 'refused', code: 'connection.lost' });
});

test('replies are not events, refusals of no command are', () => {
  welcome();
  void connection.send({ type: 'room.start' });
  world.socket.deliver({ type: 'ok', id: world.socket.last('room.start').id });
  world.socket.deliver(SPEAKING);
  const malformed: Event = { type: 'refused', id: null, code: 'message.malformed', text: 'x' };
  world.socket.deliver(malformed);
  expect(events).toEqual([SPEAKING, malformed]);
});

test('decision of the server is respected, with its sentence', () => {
  welcome();
  const closing: Event = {
    type: 'closing',
    code: 'connection.replaced',
    text: 'Opened elsewhere.',
  };
  world.socket.deliver(closing);
  world.socket.close(4409);
  world.pass(60_000);
  expect(statuses.at(-1)).toEqual(['closed', { code: 4409, text: 'Opened elsewhere.' }]);
  expect(world.sockets).toHaveLength(1);
});

test('refused hello gives its sentence to the close', () => {
  world.socket.accept();
  const { id } = world.socket.last('hello');
  world.socket.deliver({ type: 'refused', id, code: 'room.unknown', text: 'No such group.' });
  world.socket.close(4404);
  expect(statuses.at(-1)).toEqual(['closed', { code: 4404, text: 'No such group.' }]);
});

test('person may come back after a decision: “Use this one instead”', () => {
  welcome();
  world.socket.close(4409);
  connection.retryNow();
  expect(statuses.at(-1)).toEqual(['connecting', undefined]);
  welcome();
  expect(statuses.at(-1)).toEqual(['open', undefined]);
});

test('closed for good stays closed', async () => {
  welcome();
  const reply = connection.send({ type: 'room.start' });
  connection.close();
  connection.retryNow();
  world.wakeUp();
  world.pass(60_000);
  expect(await reply).toMatchObject({ code: 'connection.lost' });
  expect(statuses.at(-1)?.[0]).toBe('closed');
  expect([world.sockets.length, world.socket.abandoned]).toEqual([1, true]);
});

test('clock’s offset is against this device’s own clock, also after that was changed', () => {
  welcome();
  const answer = () => {
    const { id } = world.socket.last('ping');
    world.socket.deliver({ type: 'pong', id, now_ms: world.time + 9_000_000 });
  };
  answer();
  world.wallOffset = 0;
  world.pass(2500);
  answer();
  expect(offsets).toEqual([8_000_000, 9_000_000]);
});
