// Opening devices against fake ones. Kills the mutation "when both fail together, nothing opens".
import { expect, test } from 'vitest';
import { type Devices, listDevices, openDevices } from './devices';

type Kind = 'audio' | 'video';

/** Devices of which some are broken, blocked or gone; counts what was asked of them. */
class FakeDevices {
  readonly asked: Kind[][] = [];

  constructor(
    private readonly broken: Partial<Record<Kind, string>> = {},
    private readonly ids: string[] = [],
  ) {}

  async getUserMedia(constraints: MediaStreamConstraints): Promise<MediaStream> {
    const kinds = (['audio', 'video'] as const).filter((kind) => constraints[kind]);
    this.asked.push(kinds);
    for (const kind of kinds) this.#check(kind, constraints[kind] as MediaTrackConstraints);
    const tracks = kinds.map((kind) => ({ kind }));
    return {
      getTracks: () => tracks,
      getAudioTracks: () => tracks.filter(({ kind }) => kind === 'audio'),
      getVideoTracks: () => tracks.filter(({ kind }) => kind === 'video'),
    } as unknown as MediaStream;
  }

  async enumerateDevices(): Promise<MediaDeviceInfo[]> {
    const device = (kind: MediaDeviceKind, deviceId: string, label: string) =>
      ({ kind, deviceId, label }) as MediaDeviceInfo;
    return [
      device('audioinput', 'a', 'Headset'),
      device('audiooutput', 'o', 'Speakers'),
      device('videoinput', 'v', 'Front camera'),
      device('videoinput', '', ''),
    ];
  }

  #check(kind: Kind, { deviceId }: MediaTrackConstraints): void {
    const name = this.broken[kind];
    const id = (deviceId as ConstrainDOMStringParameters | undefined)?.exact as string | undefined;
    const other = id !== undefined && this.ids.includes(id);
    if (name !== undefined && !other) throw named(name);
    if (id !== undefined && !this.ids.includes(id)) throw named('OverconstrainedError');
  }
}

function named(name: string): Error {
  return Object.assign(new Error(name), { name });
}

const real = (devices: FakeDevices) => devices as unknown as Devices;
const BOTH = { audio: true, video: true };

/** What the browser says of a site's permissions: a setting that denies, or nothing decided. */
const says = (denied: Kind[]) => async (kind: Kind) =>
  denied.includes(kind) ? ('denied' as const) : ('prompt' as const);

async function kinds(devices: FakeDevices, choice = {}, want = BOTH, denied: Kind[] = []) {
  const { audio, video, ...problems } = await openDevices(
    choice,
    want,
    real(devices),
    says(denied),
  );
  return { opened: [audio?.kind, video?.kind], ...problems };
}

const FINE = { audioProblem: null, videoProblem: null };

test('both open with one question', async () => {
  const devices = new FakeDevices();
  expect(await kinds(devices)).toEqual({ opened: ['audio', 'video'], ...FINE });
  expect(devices.asked).toEqual([['audio', 'video']]);
});

test.each([
  ['NotAllowedError', 'blocked'],
  ['SecurityError', 'blocked'],
  ['NotFoundError', 'missing'],
  ['NotReadableError', 'busy'],
  ['AbortError', 'busy'],
])('camera with %s costs no one their voice', async (name, problem) => {
  const denied: Kind[] = problem === 'blocked' ? ['video'] : [];
  expect(await kinds(new FakeDevices({ video: name }), {}, BOTH, denied)).toEqual({
    opened: ['audio', undefined],
    audioProblem: null,
    videoProblem: problem,
  });
});

test('microphone that is busy leaves the picture', async () => {
  expect(await kinds(new FakeDevices({ audio: 'NotReadableError' }))).toEqual({
    opened: [undefined, 'video'],
    audioProblem: 'busy',
    videoProblem: null,
  });
});

test('nothing opens: each says why', async () => {
  const devices = new FakeDevices({ audio: 'NotAllowedError', video: 'NotAllowedError' });
  const blocked = { audioProblem: 'blocked', videoProblem: 'blocked' };
  expect(await kinds(devices)).toEqual({ opened: [undefined, undefined], ...blocked });
});

test.each([
  ['to the question of the browser', []],
  ['by a setting', ['audio', 'video'] as Kind[]],
])('who said no to both, %s, is not asked again', async (_, denied) => {
  const devices = new FakeDevices({ audio: 'NotAllowedError', video: 'NotAllowedError' });
  await kinds(devices, {}, BOTH, denied);
  expect(devices.asked).toEqual([['audio', 'video']]);
});

test('who said no in a browser that does not say what is set is not asked again', async () => {
  const devices = new FakeDevices({ audio: 'NotAllowedError', video: 'NotAllowedError' });
  await openDevices({}, BOTH, real(devices), async () => null);
  expect(devices.asked).toEqual([['audio', 'video']]);
});

test('a busy camera gives way to another that is free', async () => {
  const devices = new FakeDevices({ video: 'NotReadableError' }, ['v']);
  expect(await kinds(devices)).toEqual({ opened: ['audio', 'video'], ...FINE });
});

test('a busy camera without another is said to be busy', async () => {
  const devices = new FakeDevices({ video: 'NotReadableError' });
  expect(await kinds(devices, { videoId: 'v' })).toMatchObject({ videoProblem: 'busy' });
});

test('page without https has no devices', async () => {
  expect(await openDevices({}, BOTH, null)).toMatchObject({
    audioProblem: 'insecure',
    videoProblem: 'insecure',
  });
  expect(await listDevices(null)).toEqual({ audio: [], video: [], outputs: [] });
});

test('only what is wanted is asked for', async () => {
  const devices = new FakeDevices({ video: 'NotAllowedError' });
  const want = { audio: true, video: false };
  expect(await kinds(devices, {}, want)).toEqual({ opened: ['audio', undefined], ...FINE });
  expect(devices.asked).toEqual([['audio']]);
});

test('chosen device that is gone gives way to another', async () => {
  const devices = new FakeDevices({}, ['here']);
  const choice = { audioId: 'gone', videoId: 'here' };
  expect(await kinds(devices, choice)).toEqual({ opened: ['audio', 'video'], ...FINE });
});

test('lists hold inputs that can be chosen', async () => {
  expect(await listDevices(real(new FakeDevices()))).toEqual({
    audio: [{ id: 'a', label: 'Headset' }],
    video: [{ id: 'v', label: 'Front camera' }],
    outputs: [{ id: 'o', label: 'Speakers' }],
  });
});
