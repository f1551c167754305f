import { describe, expect, it } from 'vitest';
import { FakeDevices } from './fake-devices';
import { type Outlet, OwnDevices } from './own-devices';

/** The senders: what is set is what is sent. */
class FakeOutlet implements Outlet {
  microphone: MediaStreamTrack | null = null;
  camera: MediaStreamTrack | null = null;
  ready = true;
  hasSenders(): boolean {
    return this.ready;
  }
  async setMicrophone(track: MediaStreamTrack | null): Promise<void> {
    this.microphone = track;
  }
  async setCamera(track: MediaStreamTrack | null): Promise<void> {
    this.camera = track;
  }
  microphoneIsOpen(): boolean {
    return this.microphone?.enabled ?? false;
  }
  cameraIsOpen(): boolean {
    return this.camera?.enabled ?? false;
  }
}

/** Until everything that a happening started is done. */
function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

function setUp() {
  const browser = new FakeDevices();
  const problems: object[] = [];
  const changes: object[] = [];
  const timers: (() => void)[] = [];
  const own: OwnDevices = new OwnDevices(
    { changed: () => changes.push(own.truth()), problems: (p) => problems.push(p) },
    browser.open,
    (_, callback) => timers.push(callback),
  );
  return { browser, own, problems, changes, timers };
}

describe('one’s own devices', () => {
  it('open what is wanted, with one question', async () => {
    const { browser, own } = setUp();
    await own.open();
    expect(browser.asked).toEqual([{ audio: true, video: true }]);
    expect(own.truth()).toEqual({ microphone: true, camera: true });
  });

  it('that are open are not opened again', async () => {
    const { browser, own } = setUp();
    await own.open();
    await own.open();
    expect(browser.asked.length).toBe(1);
  });

  it('say why they did not open', async () => {
    const { browser, own, problems } = setUp();
    browser.blocked = true;
    await own.open();
    expect(problems).toEqual([{ audioProblem: 'blocked', videoProblem: 'blocked' }]);
    expect(own.truth()).toEqual({ microphone: false, camera: false });
  });

  it('keep the microphone for a quick return, and close the camera', async () => {
    const { browser, own } = setUp();
    await own.open();
    await own.want({ microphone: false, camera: false });
    expect(browser.opened.map((track) => track.readyState)).toEqual(['live', 'ended']);
    expect(own.truth()).toEqual({ microphone: false, camera: false });
  });

  it('are true as the track is, when the device is pulled out', async () => {
    const { browser, own, changes } = setUp();
    await own.open();
    browser.opened[0]?.end();
    expect(changes.at(-1)).toEqual({ microphone: false, camera: true });
  });

  /** Kills: an `open` that does not compare its round. */
  it('opened too late for a change of mind are closed at once', async () => {
    const { browser, own } = setUp();
    let go = () => {};
    browser.hold = new Promise((resolve) => {
      go = resolve;
    });
    const opening = own.open();
    own.release();
    go();
    await opening;
    expect(browser.opened.map((track) => track.readyState)).toEqual(['ended', 'ended']);
    expect(own.audio).toBeNull();
  });

  it('are closed when staff do not allow the microphone, and the wish does not open it', async () => {
    const { browser, own } = setUp();
    const outlet = new FakeOutlet();
    await own.open();
    await own.sendTo(outlet);
    await own.allow({ microphone: false, camera: true });
    await own.want({ microphone: true });
    expect([outlet.microphone, browser.opened[0]?.readyState]).toEqual([null, 'ended']);
    expect(own.truth()).toEqual({ microphone: false, camera: true });
  });

  it('are closed for a break; after it the camera that was wanted is back', async () => {
    const { own } = setUp();
    const outlet = new FakeOutlet();
    await own.open();
    await own.sendTo(outlet);
    own.wanted = { microphone: false, camera: true };
    await own.allow({ microphone: false, camera: false });
    expect([own.audio, own.video, outlet.camera]).toEqual([null, null, null]);
    await own.allow({ microphone: true, camera: true });
    expect([outlet.microphone, outlet.camera === own.video, own.video !== null]).toEqual([
      null,
      true,
      true,
    ]);
  });

  it('that the system mutes say so, and that they work again', async () => {
    const { browser, own, problems } = setUp();
    await own.open();
    browser.newest('audio').setMuted(true);
    browser.newest('audio').setMuted(false);
    browser.newest('video').setMuted(true);
    expect(problems.slice(1)).toEqual([
      { audioProblem: 'muted' },
      { audioProblem: null },
      { videoProblem: 'muted' },
    ]);
  });

  /** Kills: a tap that sets a wish which was there already, and does nothing. */
  it.each([
    ['audio', 'microphone'],
    ['video', 'camera'],
  ] as const)('that the system mutes are opened again by a tap: %s', async (kind, device) => {
    const { browser, own } = setUp();
    await own.open();
    const muted = browser.newest(kind);
    muted.setMuted(true);
    await own.want({ [device]: true });
    expect(muted.readyState).toBe('ended');
    expect(browser.newest(kind)).not.toBe(muted);
    expect(own.truth()).toEqual({ microphone: true, camera: true });
  });

  it('that come muted say so', async () => {
    const { browser, own, problems } = setUp();
    browser.muted = true;
    await own.open();
    expect(problems).toEqual([{ audioProblem: 'muted', videoProblem: 'muted' }]);
  });

  it('that are switched off say so, and a tap opens another', async () => {
    const { browser, own, problems } = setUp();
    await own.open();
    browser.newest('audio').end();
    expect(problems.at(-1)).toEqual({ audioProblem: 'gone' });
    await own.want({ microphone: true });
    expect(problems.at(-1)).toEqual({ audioProblem: null });
    expect(own.truth()).toEqual({ microphone: true, camera: true });
  });

  it('that were closed by their owner say nothing more', async () => {
    const { browser, own, problems } = setUp();
    await own.open();
    await own.want({ camera: false });
    browser.newest('video').setMuted(true);
    expect(problems.length).toBe(1);
  });

  it('in the room are true as the senders are', async () => {
    const { own } = setUp();
    await own.open();
    const outlet = new FakeOutlet();
    outlet.setMicrophone = async () => {};
    await own.sendTo(outlet);
    expect(own.truth()).toEqual({ microphone: false, camera: true });
  });

  /** Kills: a truth that reads new senders before they have their tracks. */
  it('are true as the tracks are while the senders are renewed', async () => {
    const { own } = setUp();
    await own.open();
    const outlet = new FakeOutlet();
    await own.sendTo(outlet);
    Object.assign(outlet, { ready: false, microphone: null, camera: null });
    expect(own.truth()).toEqual({ microphone: true, camera: true });
    await own.want({ microphone: false });
    expect(own.truth()).toEqual({ microphone: false, camera: true });
  });

  /** Kills: believing a track that says after a call that it is live and unmuted. */
  it('that a call took are fresh after it, and sent in place of the dead ones', async () => {
    const { browser, own } = setUp();
    const outlet = new FakeOutlet();
    await own.open();
    await own.sendTo(outlet);
    const [microphone, camera] = [browser.newest('audio'), browser.newest('video')];
    for (const track of [microphone, camera]) track.setMuted(true);
    own.seen(false);
    for (const track of [microphone, camera]) track.setMuted(false);
    expect(browser.asked.length).toBe(1);
    own.seen(true);
    await settled();
    expect(browser.asked.slice(1)).toEqual([{ audio: true, video: true }]);
    expect([microphone.readyState, camera.readyState]).toEqual(['ended', 'ended']);
    expect(outlet.microphone).toBe(browser.newest('audio'));
    expect(outlet.camera).toBe(browser.newest('video'));
    expect(own.truth()).toEqual({ microphone: true, camera: true });
  });

  it('that were off before a call are off after it, and the next tap opens fresh ones', async () => {
    const { browser, own } = setUp();
    await own.open();
    const before = browser.newest('audio');
    await own.want({ microphone: false });
    before.setMuted(true);
    before.setMuted(false);
    await settled();
    expect(own.truth()).toEqual({ microphone: false, camera: true });
    await own.want({ microphone: true });
    expect(browser.newest('audio')).not.toBe(before);
    expect(own.truth()).toEqual({ microphone: true, camera: true });
  });

  it('that a call has still are tried again until they open', async () => {
    const { browser, own, problems, timers } = setUp();
    await own.open();
    own.seen(false);
    browser.newest('audio').setMuted(true);
    browser.busy = true;
    own.seen(true);
    await settled();
    expect(problems.at(-1)).toEqual({ audioProblem: 'busy' });
    browser.busy = false;
    timers.shift()?.();
    await settled();
    expect(problems.at(-1)).toEqual({ audioProblem: null });
    expect([own.truth(), timers]).toEqual([{ microphone: true, camera: true }, []]);
  });

  /** Kills: an interruption that outlives the room, and opens a device on another page. */
  it('that were released stay closed, whatever was interrupted', async () => {
    const { browser, own } = setUp();
    await own.open();
    browser.newest('audio').setMuted(true);
    own.release();
    own.seen(true);
    await settled();
    expect([browser.capturing(), browser.asked.length]).toEqual([[], 1]);
  });
});
