// What the connection, the media and the check do to each other.
import { describe, expect, it } from 'vitest';
import { meView, person, snapshotOf } from '../room/testing';
import { Gate } from './fake-peer';
import { FakePage, settled } from './fakes';

describe('the device check', () => {
  it('opens and lists the devices, and meters until the room', async () => {
    const page = new FakePage();
    page.session.start();
    await settled();
    expect(page.session.page.current.own).toMatchObject({
      asked: true,
      audioDevices: [{ id: 'a', label: 'Headset' }],
      audioId: 'the audio device',
      videoId: 'the video device',
    });
    expect(page.session.check.level.value).toBe(0.5);
    expect(page.metered).toEqual(['start audio']);
    await page.join();
    expect(page.metered.at(-1)).toBe('stop');
  });

  it('does not begin where there is no WebRTC', async () => {
    const page = new FakePage({ support: { can: false, openIn: null } });
    page.session.start();
    await settled();
    expect([page.at, page.browser.asked]).toEqual(['unsupported', []]);
  });

  it('shows its problems on its own page, later ones on the status line', async () => {
    const page = new FakePage();
    page.browser.blocked = true;
    page.session.start();
    await settled();
    expect(page.session.page.current).toMatchObject({
      own: { audioProblem: 'blocked', videoProblem: 'blocked' },
      notice: null,
    });
    await page.join();
    await page.session.devices.want({ camera: true });
    expect(page.session.page.current.notice?.code).toBe('devices');
  });

  it('takes a sentence away when the device works again', async () => {
    const page = await new FakePage().join();
    page.browser.newest('audio').setMuted(true);
    expect(page.session.page.current.notice?.text).toContain('keeps the microphone off');
    page.browser.newest('audio').setMuted(false);
    expect(page.session.page.current.notice).toBeNull();
  });

  it('keeps the sentence of the other device', async () => {
    const page = await new FakePage().join();
    page.browser.newest('video').end();
    page.browser.newest('audio').setMuted(true);
    page.browser.newest('audio').setMuted(false);
    expect(page.session.page.current.notice?.text).toContain('Your camera was switched off');
  });

  it('says in the room that headphones are gone', async () => {
    const page = await new FakePage().join();
    page.outputs = ['speaker'];
    page.devicesChanged();
    await settled();
    expect(page.session.page.current.notice?.code).toBe('outputs');
  });

  it('plays where was chosen, from this time on, and as the device is set while that is gone', async () => {
    const page = await new FakePage().join();
    await page.session.check.chooseOutput('headset');
    const { own } = page.session.page.current;
    expect([own.outputId, page.chosenOutput]).toEqual(['headset', 'headset']);
    page.outputs = ['speaker'];
    page.devicesChanged();
    await settled();
    expect(page.session.page.current.own.outputId).toBe('');
    expect(page.session.page.current.notice?.text).toContain('you chose is gone');
    page.outputs = ['speaker', 'headset'];
    page.devicesChanged();
    await settled();
    expect(page.session.page.current.own.outputId).toBe('headset');
  });

  it('plays as the device is set when the chosen output fails, and says so', async () => {
    const page = await new FakePage().join();
    await page.session.check.chooseOutput('headset');
    page.session.outputFailed();
    expect(page.session.page.current.own.outputId).toBe('');
    expect(page.session.page.current.notice?.text).toContain('you chose is gone');
  });

  it('lets nobody choose where the browser cannot', async () => {
    const outputs = { can: false, chosen: () => 'headset', choose: () => undefined };
    const page = await new FakePage({ outputs }).join();
    const { outputDevices, outputId } = page.session.page.current.own;
    expect([outputDevices, outputId]).toEqual([[], '']);
  });

  it('says nothing when something was plugged in', async () => {
    const page = await new FakePage().join();
    page.outputs = ['speaker', 'headset', 'another'];
    page.devicesChanged();
    await settled();
    expect(page.session.page.current.notice).toBeNull();
  });

  it('shows one’s own picture while the camera is open', async () => {
    const page = await new FakePage().join();
    expect(page.session.own.value?.getVideoTracks()).toEqual([page.browser.newest('video')]);
    await page.session.devices.want({ camera: false });
    expect(page.session.own.value).toBeNull();
  });
});

describe('media', () => {
  it('open once their owner is among the participants, and carry one offer', async () => {
    const page = new FakePage();
    page.server.snapshot = snapshotOf({ participants: [person('dana')] });
    await page.join();
    expect([page.at, page.peers.length]).toEqual(['room', 0]);
    const me = person('me', { microphone: true });
    const stamp = { epoch: 'e1', seq: 11 };
    page.connection.on.event({ type: 'participant.changed', ...stamp, participant: me });
    await settled();
    expect(page.peer.offers).toEqual([{ slots: 16, renewal: 'fresh', relays: 0 }]);
    expect(page.peer.accepted).toEqual(['answer to offer 1 for offer 1']);
  });

  it('are not there at the door', async () => {
    const page = new FakePage();
    page.server.snapshot = snapshotOf({ me: meView({ seat: 'waiting' }), participants: [] });
    await page.join();
    expect(page.peers).toEqual([]);
  });

  it('asked for twice at once carry one offer, and take one answer', async () => {
    const page = await new FakePage().join();
    const gate = new Gate();
    page.peer.gate = gate;
    page.peer.on.needed?.('fresh');
    page.peer.on.needed?.('fresh');
    gate.open();
    await settled();
    expect(page.connection.sentOf('media.offer').map(({ sdp }) => sdp)).toEqual([
      'offer 1',
      'offer 2',
    ]);
    expect(page.peer.accepted.slice(1)).toEqual(['answer to offer 2 for offer 2']);
  });

  it('are offered again after a refusal, and not after a lost connection', async () => {
    const page = await new FakePage().join();
    page.server.refuses.add('media.offer');
    page.peer.on.needed?.('restart');
    await settled();
    expect(page.timers.map(({ ms }) => ms)).toEqual([500]);
    page.server.refuses.clear();
    page.timers[0]?.callback();
    await settled();
    expect(page.peer.accepted.at(-1)).toBe('answer to offer 3 for offer 3');
    page.connection.lose();
    page.peer.on.needed?.('restart');
    await settled();
    expect(page.timers.length).toBe(1);
  });

  it('take no answer after their end', async () => {
    const page = await new FakePage().join();
    page.server.gate = new Gate();
    page.peer.on.needed?.('restart');
    await settled();
    page.session.leave();
    page.server.gate.open();
    await settled();
    expect(page.peer.accepted.length).toBe(1);
  });

  it('are offered with the hello, and begin with the snapshot', async () => {
    const page = await new FakePage({ mediaSlots: 16 }).join();
    expect(page.peer.offers).toEqual([{ slots: 16, renewal: 'prepared', relays: 0 }]);
    expect(page.peer.accepted).toEqual(['answer to offer 1 for offer 1']);
    expect(page.connection.sentOf('media.offer')).toEqual([]);
    expect(page.server.devices).toEqual({ microphone: true, camera: true });
  });

  it('begin before the room is painted', async () => {
    const page = new FakePage({ mediaSlots: 16 });
    const order: string[] = [];
    page.session.page.state.subscribe(({ screen }) => void order.push(screen.at));
    page.session.start();
    await settled();
    const begin = page.peer.begin.bind(page.peer);
    page.peer.begin = (...given) => order.push('media') > 0 && begin(...given);
    page.session.connect();
    page.connection.accept();
    expect(order).toContain('media');
    expect(order.indexOf('media')).toBeLessThan(order.indexOf('room'));
  });

  it('are offered with a hello until the page is in the room', async () => {
    const page = new FakePage({ mediaSlots: 16 });
    page.session.start();
    await settled();
    page.session.connect();
    page.connection.sayHello();
    expect(page.connection.offered).toBe('offer 1');
    page.connection.accept();
    await settled();
    page.connection.lose();
    page.connection.sayHello();
    expect(page.connection.offered).toBeNull();
  });

  it('offer the same again where the node refused what came with the hello', async () => {
    const page = new FakePage({ mediaSlots: 16 });
    page.server.answersHello = false;
    await page.join();
    expect(page.connection.sentOf('media.offer').map(({ sdp }) => sdp)).toEqual(['offer 1']);
    expect(page.peer.accepted).toEqual(['answer to offer 1 for offer 1']);
  });

  it('make another offer where the room has more places than the page knew', async () => {
    const page = await new FakePage({ mediaSlots: 12 }).join();
    expect(page.peer.offers.map(({ slots }) => slots)).toEqual([12, 16]);
    expect(page.peer.accepted).toHaveLength(1);
    expect(page.connection.sentOf('media.offer')).toHaveLength(1);
  });

  it('use the relays of an installation that has them', async () => {
    const page = await new FakePage({ hasRelays: true, mediaSlots: 16 }).join();
    expect(page.peer.offers).toEqual([{ slots: 16, renewal: 'prepared', relays: 1 }]);
    expect(page.connection.sentOf('media.relay')).toEqual([]);
  });

  it('ask the room for its relays where nothing was prepared', async () => {
    const page = await new FakePage({ hasRelays: true }).join();
    expect(page.peer.offers).toEqual([{ slots: 16, renewal: 'fresh', relays: 1 }]);
  });

  it('receive the node’s messages, and that control is back', async () => {
    const page = await new FakePage().join();
    const { on } = page.connection;
    on.event({ type: 'media.slot_owned', slot: 2, key: 'joe', csrc: 7 });
    on.event({ type: 'media.slot_shown', slot: 2, key: 'joe', rtp_timestamp: 1 });
    on.event({ type: 'media.closed', reason: 'revoked', again: false });
    on.event({ type: 'media.closed', reason: 'node_lost', again: true });
    page.connection.lose();
    page.connection.accept('replay');
    expect(page.peer.calls).toEqual([
      "slot 2 is joe's",
      'slot 2 shows joe',
      'closed by the node',
      'control resumed',
    ]);
  });
});

describe('leaving', () => {
  it('ends the connection with the reply', async () => {
    const page = await new FakePage().join();
    page.session.leave();
    await settled();
    expect([page.at, page.connection.isClosed]).toEqual(['resting', true]);
  });

  /** Kills: an end that closes the connection that is there, instead of the one that was left. */
  it('does not end the connection of somebody who came back before the reply', async () => {
    const page = await new FakePage().join();
    page.server.gate = new Gate();
    page.session.leave();
    page.session.connect();
    page.connection.accept();
    page.server.gate.open();
    await settled();
    expect(page.server.connections.map(({ isClosed }) => isClosed)).toEqual([true, false]);
    expect(page.at).toBe('room');
  });
});

describe('a command', () => {
  it('that is refused says why until it is done', async () => {
    const page = await new FakePage().join();
    page.server.refuses.add('me.hand');
    await page.session.ask({ type: 'me.hand', raised: true });
    expect(page.session.page.current.notice?.text).toBe('Locked.');
    page.server.refuses.clear();
    await page.session.ask({ type: 'me.hand', raised: true });
    expect(page.session.page.current.notice).toBeNull();
  });

  it('without a connection is refused as lost', async () => {
    const page = new FakePage();
    expect(await page.session.send({ type: 'room.start' })).toMatchObject({
      code: 'connection.lost',
    });
  });
});

describe('the clock', () => {
  it('is the server’s, by whole seconds', async () => {
    const page = await new FakePage().join();
    page.connection.on.clock(5_400);
    page.wallNow = 1_700;
    page.session.page.tick();
    expect(page.session.page.now.value).toBe(7_000);
  });
});

describe('a phone call', () => {
  /** Kills: a session that does not notice that the person is back in front of the page. */
  it('leaves the microphone as it was, for the person and for the others', async () => {
    const page = await new FakePage().join();
    await page.session.devices.want({ microphone: true });
    const dead = page.browser.newest('audio');
    dead.setMuted(true);
    page.seen(false);
    await settled();
    expect(page.server.devices.microphone).toBe(false);
    dead.muted = false;
    page.seen(true);
    await settled();
    expect(page.browser.newest('audio')).not.toBe(dead);
    expect(page.server.devices.microphone).toBe(true);
    expect(page.session.page.current.notice).toBeNull();
  });
});
