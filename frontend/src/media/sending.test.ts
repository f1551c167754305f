// The true state of microphone and camera. Kills the mutation "off only disables the track".
import { beforeEach, expect, test } from 'vitest';
import { isSending, Outgoing } from './sending';

class FakeTrack extends EventTarget {
  enabled = true;
  muted = false;
  readyState: 'live' | 'ended' = 'live';

  /** What the device or the system does. */
  from(event: 'mute' | 'unmute' | 'ended'): void {
    this.muted = event === 'mute';
    if (event === 'ended') this.readyState = 'ended';
    this.dispatchEvent(new Event(event));
  }
}

class FakeSender {
  track: FakeTrack | null = null;

  async replaceTrack(track: FakeTrack | null): Promise<void> {
    this.track = track;
  }
}

const real = (track: FakeTrack) => track as unknown as MediaStreamTrack;
const realSender = (sender: FakeSender) => sender as unknown as RTCRtpSender;

let track: FakeTrack;
let sender: FakeSender;
let seen: boolean[];
let outgoing: Outgoing;

beforeEach(() => {
  [track, sender, seen] = [new FakeTrack(), new FakeSender(), []];
  outgoing = new Outgoing(() => seen.push(outgoing.isOpen()));
});

test('open needs the sender, the track, and both to be on', async () => {
  sender.track = track;
  const open = () => isSending(realSender(sender), real(track));
  expect(open()).toBe(true);
  track.enabled = false;
  expect(open()).toBe(false);
  Object.assign(track, { enabled: true, muted: true });
  expect(open()).toBe(false);
  Object.assign(track, { muted: false, readyState: 'ended' });
  expect(open()).toBe(false);
  track.readyState = 'live';
  sender.track = new FakeTrack();
  expect(open()).toBe(false);
  expect(isSending(null, real(track))).toBe(false);
  expect(isSending(realSender(sender), null)).toBe(false);
});

test('off takes the track off the sender and disables it', async () => {
  await outgoing.moveTo(realSender(sender));
  await outgoing.set(real(track));
  await outgoing.set(null);
  expect([sender.track, track.enabled, outgoing.isOpen()]).toEqual([null, false, false]);
  expect(seen).toEqual([false, true, false]);
});

test('track without a peer connection is not open, and is sent by the next one', async () => {
  await outgoing.set(real(track));
  expect(outgoing.isOpen()).toBe(false);
  await outgoing.moveTo(realSender(sender));
  expect([sender.track, outgoing.isOpen()]).toEqual([track, true]);
});

test('what the system does to the track is reported', async () => {
  await outgoing.moveTo(realSender(sender));
  await outgoing.set(real(track));
  track.from('mute');
  track.from('unmute');
  track.from('ended');
  expect(seen.slice(2)).toEqual([false, true, false]);
});

test('track that was replaced reports nothing any more', async () => {
  await outgoing.moveTo(realSender(sender));
  await outgoing.set(real(track));
  await outgoing.set(real(new FakeTrack()));
  const before = seen.length;
  track.from('ended');
  expect([seen.length, track.enabled]).toEqual([before, false]);
});

test('peer connection that is gone sends nothing', async () => {
  await outgoing.moveTo(realSender(sender));
  await outgoing.set(real(track));
  outgoing.moveAway();
  expect(seen.at(-1)).toBe(false);
});

test('same track again stays on', async () => {
  await outgoing.moveTo(realSender(sender));
  await outgoing.set(real(track));
  await outgoing.set(real(track));
  expect(outgoing.isOpen()).toBe(true);
});
