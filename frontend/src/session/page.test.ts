// The verbs that the components and the keys are given.
import { expect, it } from 'vitest';
import { meView, snapshotOf } from '../room/testing';
import { FakePage, settled } from './fakes';
import { keyVerbs, pageOf } from './page';

function pageWith(fake: FakePage) {
  const page = pageOf(fake.session, { name: 'Sam', home: '/', staffPhone: '555-0100' });
  return { ...page, press: keyVerbs(page, fake.session) };
}

it.each([
  [
    { audio: true, video: true },
    { microphone: true, camera: true },
  ],
  [
    { audio: true, video: false },
    { microphone: true, camera: false },
  ],
  [
    { audio: false, video: false },
    { microphone: false, camera: false },
  ],
])('joining with %o is what hello says', async (want, expected) => {
  const fake = new FakePage();
  fake.session.start();
  await settled();
  pageWith(fake).verbs.join(want);
  await settled();
  expect(fake.connection.sayHello()).toEqual(expected);
});

it('keys switch in the room, and nowhere else', async () => {
  const fake = new FakePage();
  fake.session.start();
  await settled();
  const { press, verbs } = pageWith(fake);
  press.m?.();
  await settled();
  expect(fake.session.devices.truth().microphone).toBe(true);
  verbs.join({ audio: true, video: true });
  fake.connection.accept();
  await settled();
  press.m?.();
  press.v?.();
  press.h?.();
  await settled();
  expect(fake.server.devices).toEqual({ microphone: false, camera: false });
  expect(fake.connection.sentOf('me.hand')).toEqual([{ type: 'me.hand', raised: true }]);
});

it('key does nothing to a microphone that staff closed', async () => {
  const fake = new FakePage();
  fake.server.snapshot = snapshotOf({ me: meView({ microphone_allowed: false }) });
  await fake.join();
  pageWith(fake).press.m?.();
  expect(fake.session.devices.wanted.microphone).toBe(false);
});

it('reopening brings back the camera of the one who taps', async () => {
  const fake = await new FakePage().join();
  fake.server.change({ room: { state: 'ended' } });
  pageWith(fake).verbs.ask({ type: 'room.reopen' });
  fake.server.change({ room: { state: 'live' } });
  await settled();
  expect(fake.session.devices.truth()).toEqual({ microphone: false, camera: true });
});
