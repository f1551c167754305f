// What the others are shown of one's microphone and camera is what this browser really sends,
// however connection, senders and devices change at the same time.
import { describe, expect, it } from 'vitest';
import { meView, snapshotOf } from '../room/testing';
import { Gate } from './fake-peer';
import { FakePage, settled } from './fakes';

const BOTH = { microphone: true, camera: true };

describe('after the connection was lost', () => {
  /** Kills: a hello that reads new senders before they have their tracks. */
  it('hello says what the new senders will send', async () => {
    const page = await new FakePage().join();
    page.connection.lose();
    page.peer.gate = new Gate();
    page.peer.on.needed?.('fresh');
    await settled();
    expect(page.peer.cameraIsOpen()).toBe(false);
    expect(page.connection.sayHello()).toEqual(BOTH);
  });

  /** Kills: a page that compares the truth with what it showed last, and not with the server. */
  it('what became true between hello and its answer is sent', async () => {
    const page = await new FakePage().join();
    await page.session.devices.want({ camera: false });
    await settled();
    page.connection.lose();
    expect(page.connection.sayHello()).toEqual({ microphone: true, camera: false });
    await page.session.devices.want({ camera: true });
    await settled();
    page.connection.answerHello('replay');
    await settled();
    expect(page.server.devices).toEqual(BOTH);
  });

  it('a snapshot that says something else is corrected, once', async () => {
    const page = await new FakePage().join();
    page.connection.lose();
    page.connection.sayHello();
    page.server.hold({ microphone: false, camera: false });
    page.connection.answerHello('snapshot');
    await settled();
    expect(page.server.devices).toEqual(BOTH);
    expect(page.connection.sentOf('me.camera')).toEqual([{ type: 'me.camera', on: true }]);
    expect(page.connection.sentOf('me.microphone').length).toBe(1);
  });

  /** Kills: a comparison only at the open, while the senders are not there yet. */
  it('it converges when the new senders turn out to send nothing', async () => {
    const page = await new FakePage().join();
    const gate = new Gate();
    page.connection.lose();
    page.peer.gate = gate;
    page.peer.on.needed?.('fresh');
    page.connection.accept('snapshot');
    page.peer.loseCamera();
    await settled();
    expect(page.server.devices).toEqual(BOTH);
    gate.open();
    await settled();
    expect(page.server.devices).toEqual({ microphone: true, camera: false });
    expect(page.session.page.current.own.camera).toBe(false);
  });

  it('nothing is sent when hello and snapshot are true', async () => {
    const page = await new FakePage().join();
    page.connection.lose();
    page.connection.accept('snapshot');
    await settled();
    expect(page.connection.sentOf('me.microphone', 'me.camera')).toEqual([]);
  });

  it('a command that was lost with it is sent again', async () => {
    const page = await new FakePage().join();
    page.server.gate = new Gate();
    await page.session.devices.want({ camera: false });
    page.connection.lose();
    page.server.gate = null;
    page.connection.accept('replay');
    await settled();
    expect(page.server.devices).toEqual({ microphone: true, camera: false });
  });
});

describe('in the room', () => {
  it('a camera that opens while the page comes back is shown', async () => {
    const page = await new FakePage().join();
    page.session.leave();
    await settled();
    const gate = new Gate();
    page.browser.hold = gate.passed;
    page.session.connect();
    page.connection.accept();
    await settled();
    expect(page.server.devices.camera).toBe(false);
    gate.open();
    await settled();
    expect(page.server.devices).toEqual({ microphone: false, camera: true });
  });

  it('a device that is unplugged is shown as off', async () => {
    const page = await new FakePage().join();
    page.browser.newest('video').end();
    await settled();
    expect(page.server.devices).toEqual({ microphone: true, camera: false });
  });

  it('a track that its sender does not send is shown as off', async () => {
    const page = await new FakePage().join();
    page.peer.loseCamera();
    await settled();
    expect(page.browser.capturing()).toEqual(['audio', 'video']);
    expect(page.server.devices).toEqual({ microphone: true, camera: false });
    expect(page.session.page.current.own.camera).toBe(false);
  });

  it('of quick taps the last counts, in their order', async () => {
    const page = await new FakePage().join();
    const gate = new Gate();
    page.server.gate = gate;
    for (const microphone of [false, true, false]) await page.session.devices.want({ microphone });
    gate.open();
    await settled();
    expect(page.server.devices).toEqual({ microphone: false, camera: true });
    expect(page.connection.sentOf('me.microphone').map(({ on }) => on)).toEqual([false]);
  });

  it('a refused command is not repeated by itself', async () => {
    const page = await new FakePage().join();
    page.server.refuses.add('me.camera');
    await page.session.devices.want({ camera: false });
    await settled();
    expect(page.connection.sentOf('me.camera').length).toBe(1);
  });
});

describe('at the door', () => {
  it('the server is sent changes as well', async () => {
    const page = new FakePage();
    page.server.snapshot = snapshotOf({ me: meView({ seat: 'waiting' }), participants: [] });
    await page.join();
    expect(page.at).toBe('lobby');
    await page.session.devices.want({ camera: false });
    await settled();
    expect(page.connection.sentOf('me.camera')).toEqual([{ type: 'me.camera', on: false }]);
  });
});
