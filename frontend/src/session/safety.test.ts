// Nobody is seen or heard without a tap: what closes microphone and camera, and what opens them.
import { beforeEach, describe, expect, it } from 'vitest';
import { agendaWithBreak, meView, roomView, snapshotOf } from '../room/testing';
import { FakePage, settled } from './fakes';

const OFF = { microphone: false, camera: false };
const CAMERA_ONLY = { microphone: false, camera: true };
const ON_BREAK = { agenda: agendaWithBreak({ index: 1 }) };
const AFTER_BREAK = { agenda: agendaWithBreak({ index: 2 }) };

let page: FakePage;

beforeEach(async () => {
  page = await new FakePage().join();
  expect(page.session.devices.truth()).toEqual({ microphone: true, camera: true });
});

async function becomes(change: Parameters<FakePage['server']['change']>[0]): Promise<void> {
  page.server.change(change);
  await settled();
}

describe('who is no longer in the group', () => {
  it.each([
    ['taps Leave', () => page.session.leave()],
    ['is replaced by another device', () => page.connection.end(4409)],
    ['is signed out', () => page.connection.end(4401)],
    ['is removed', () => page.connection.end(4411)],
    ['sees the group end', () => page.server.change({ room: { state: 'ended' } })],
    ['sees it cancelled', () => page.server.change({ room: { state: 'cancelled' } })],
  ])('has closed devices and no media: %s', async (_, ends) => {
    ends();
    await settled();
    expect(page.browser.capturing()).toEqual([]);
    expect(page.session.devices.truth()).toEqual(OFF);
    expect(page.peer.calls).toEqual(['close']);
  });

  it('has the camera back by the tap that comes back, and not the microphone', async () => {
    page.session.leave();
    await settled();
    expect(page.browser.capturing()).toEqual([]);
    page.session.connect();
    page.connection.accept();
    await settled();
    expect(page.at).toBe('room');
    expect(page.session.devices.truth()).toEqual(CAMERA_ONLY);
    expect(page.server.devices).toEqual(CAMERA_ONLY);
  });
});

describe('a group that is opened again', () => {
  /** Kills: a `DeviceRules` that leaves what was wanted as it is. */
  it('sees and hears nobody without a tap, and says so', async () => {
    await becomes({ room: { state: 'ended' } });
    await becomes({ room: { state: 'live' } });
    expect([page.at, page.browser.capturing()]).toEqual(['room', []]);
    expect(page.session.page.current.notice?.text).toBe(
      'The group is open again. Your microphone and camera are off.',
    );
  });

  it('has the camera of the one whose tap opened it', async () => {
    await becomes({ room: { state: 'ended' } });
    page.session.rules.reopens();
    await becomes({ room: { state: 'live' } });
    expect(page.session.devices.truth()).toEqual(CAMERA_ONLY);
    expect(page.session.page.current.notice?.text).toBe(
      'The group is open again. Your microphone is off.',
    );
  });
});

describe('a break', () => {
  it.each([
    ['client', false, 'break'],
    ['staff', true, 'room'],
  ])('closes everything of %s; after it the camera alone is back', async (_, facilitates, at) => {
    page = new FakePage();
    page.server.snapshot = snapshotOf({ me: meView({ facilitates }) });
    await page.join();
    await becomes({ room: ON_BREAK });
    expect([page.at, page.browser.capturing()]).toEqual([at, []]);
    expect(page.server.devices).toEqual(OFF);
    await becomes({ room: AFTER_BREAK });
    expect(page.session.devices.truth()).toEqual(CAMERA_ONLY);
    expect(page.server.devices).toEqual(CAMERA_ONLY);
    expect(page.session.page.current.notice?.text).toBe(
      'The break is over. Your microphone is off. Tap Unmute to speak.',
    );
  });

  it('opens no microphone afterwards that was asked for meanwhile', async () => {
    await becomes({ room: ON_BREAK });
    await page.session.devices.want({ microphone: true });
    await becomes({ room: AFTER_BREAK });
    expect(page.session.devices.truth()).toEqual(CAMERA_ONLY);
  });

  it('that is on already is entered with everything closed', async () => {
    page = new FakePage();
    page.server.snapshot = snapshotOf({ room: roomView(ON_BREAK) });
    await page.join();
    expect([page.at, page.browser.capturing()]).toEqual(['break', []]);
    await becomes({ room: AFTER_BREAK });
    expect(page.session.devices.truth()).toEqual(CAMERA_ONLY);
  });
});

describe('a microphone that staff do not allow', () => {
  it('is closed, and the others are shown so', async () => {
    await becomes({ me: { microphone_allowed: false } });
    expect(page.browser.capturing()).toEqual(['video']);
    expect(page.server.devices).toEqual(CAMERA_ONLY);
  });

  it('is not opened by its owner', async () => {
    await becomes({ me: { microphone_allowed: false } });
    await page.session.devices.want({ microphone: true });
    await settled();
    expect(page.session.devices.truth()).toEqual(CAMERA_ONLY);
  });

  it('stays closed when it is allowed again, until its owner taps', async () => {
    await becomes({ me: { microphone_allowed: false } });
    await page.session.devices.want({ microphone: true });
    await becomes({ me: { microphone_allowed: true } });
    expect(page.session.devices.truth()).toEqual(CAMERA_ONLY);
    await page.session.devices.want({ microphone: true });
    await settled();
    expect(page.server.devices).toEqual({ microphone: true, camera: true });
  });

  it('is closed for who comes in', async () => {
    page = new FakePage();
    page.server.snapshot = snapshotOf({ me: meView({ microphone_allowed: false }) });
    await page.join();
    expect(page.browser.capturing()).toEqual(['video']);
    expect(page.server.devices).toEqual(CAMERA_ONLY);
  });
});

it('a dropped connection closes nothing', async () => {
  page.connection.lose();
  await settled();
  expect(page.at).toBe('room');
  expect(page.session.devices.truth()).toEqual({ microphone: true, camera: true });
  expect(page.peer.calls).toEqual([]);
});
