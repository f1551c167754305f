/**
 * Camera and microphone: opening them, naming why one did not open, listing them. Owns the
 * constraints. Knows no peer connection and shows nothing: the caller owns the tracks that open,
 * and stops them.
 */

/**
 * Why a device did not open: the person or a policy said no, there is none, another program has
 * it, or the page is not on https (where browsers hide devices). Or why an open one gives nothing:
 * the system `muted` it (a phone call, a switch), or it is `gone` (unplugged, switched off).
 */
export type DeviceProblem = 'blocked' | 'missing' | 'busy' | 'insecure' | 'muted' | 'gone';

/** Ids from `listDevices`; without one the browser chooses. */
export interface DeviceChoice {
  readonly audioId?: string;
  readonly videoId?: string;
}

export interface LocalMedia {
  readonly audio: MediaStreamTrack | null;
  readonly video: MediaStreamTrack | null;
  readonly audioProblem: DeviceProblem | null;
  readonly videoProblem: DeviceProblem | null;
}

export interface DeviceName {
  readonly id: string;
  /** Empty until the person has allowed a device of this kind. */
  readonly label: string;
}

/** The part of `navigator.mediaDevices` that is used; null where the browser hides it. */
export type Devices = Pick<MediaDevices, 'getUserMedia' | 'enumerateDevices'>;

/** Whether this site may use a device of that kind; null where the browser does not say. */
export type MayOpen = (kind: Kind) => Promise<PermissionState | null>;

type Kind = 'audio' | 'video';

type Opened = { track: MediaStreamTrack | null; problem: DeviceProblem | null };
type Wanted = { readonly audio: boolean; readonly video: boolean };

/**
 * Opens what is wanted: both with one question to the person, and each by itself when that fails,
 * so that a broken camera costs no one their voice. Somebody who said no to both is not asked again.
 * Never rejects.
 */
export async function openDevices(
  choice: DeviceChoice,
  want: Wanted,
  devices: Devices | null = browserDevices(),
  mayOpen: MayOpen = browserSays,
): Promise<LocalMedia> {
  if (devices === null) return result(want, failed('insecure'), failed('insecure'));
  const both = want.audio && want.video ? await openBoth(devices, choice) : null;
  if (both !== null && both !== 'blocked') return both;
  const no = both === 'blocked' ? await whoSaidNo(mayOpen) : { audio: false, video: false };
  const open = async (kind: Kind, id: string | undefined) => {
    if (!want[kind]) return NOT_WANTED;
    return no[kind] ? failed('blocked') : openOne(devices, kind, id);
  };
  const audio = await open('audio', choice.audioId);
  const video = await open('video', choice.videoId);
  return result(want, audio, video);
}

/**
 * Which kinds stay closed after a no to both at once. Where a setting blocks one of them, the other
 * was never refused and is asked for; else the person has just said no to the question about both.
 */
async function whoSaidNo(mayOpen: MayOpen): Promise<{ audio: boolean; video: boolean }> {
  const [audio, video] = [await mayOpen('audio'), await mayOpen('video')];
  const oneIsSet = (audio === 'denied') !== (video === 'denied');
  return oneIsSet
    ? { audio: audio === 'denied', video: video === 'denied' }
    : { audio: audio !== 'granted', video: video !== 'granted' };
}

/** What can be chosen, and what plays sound. Empty where the browser hides devices. */
export async function listDevices(
  devices: Devices | null = browserDevices(),
): Promise<{ audio: DeviceName[]; video: DeviceName[]; outputs: DeviceName[] }> {
  const all = (await devices?.enumerateDevices()) ?? [];
  const names = (kind: MediaDeviceKind): DeviceName[] =>
    all
      .filter((device) => device.kind === kind && device.deviceId !== '')
      .map((device) => ({ id: device.deviceId, label: device.label }));
  return {
    audio: names('audioinput'),
    video: names('videoinput'),
    outputs: names('audiooutput'),
  };
}

/** Calls back when a device is plugged in or pulled out; returns how to stop. */
export function onDevicesChanged(callback: () => void): () => void {
  const devices = browserDevices();
  devices?.addEventListener('devicechange', callback);
  return () => devices?.removeEventListener('devicechange', callback);
}

/** Which problem a rejected getUserMedia means (Media Capture and Streams §10.2). */
export function problemOf(error: unknown): DeviceProblem {
  const name = error instanceof Error ? error.name : '';
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'blocked';
  if (name === 'NotFoundError' || name === 'OverconstrainedError') return 'missing';
  return 'busy'; // NotReadableError, AbortError: it is there, and does not start
}

const NOT_WANTED: Opened = { track: null, problem: null };

function failed(problem: DeviceProblem): Opened {
  return { track: null, problem };
}

async function openBoth(
  devices: Devices,
  choice: DeviceChoice,
): Promise<LocalMedia | 'blocked' | null> {
  try {
    const stream = await devices.getUserMedia({
      audio: audioConstraints(choice.audioId),
      video: videoConstraints(choice.videoId),
    });
    const [audio, video] = [stream.getAudioTracks()[0], stream.getVideoTracks()[0]];
    if (audio === undefined || video === undefined) return null;
    return result({ audio: true, video: true }, opened(audio), opened(video));
  } catch (error) {
    return problemOf(error) === 'blocked' ? 'blocked' : null; // each by itself says which it was
  }
}

function opened(track: MediaStreamTrack): Opened {
  return { track, problem: null };
}

/** The chosen device, or any when the chosen one is gone; another one when it is busy. */
async function openOne(devices: Devices, kind: Kind, id: string | undefined): Promise<Opened> {
  const first = await tryOne(devices, kind, id);
  if (first.problem === 'missing' && id !== undefined) return openOne(devices, kind, undefined);
  return first.problem === 'busy' ? openAnother(devices, kind, id) : first;
}

/** The first of the other devices that opens. */
async function openAnother(
  devices: Devices,
  kind: Kind,
  busy: string | undefined,
): Promise<Opened> {
  const listed = (await listDevices(devices))[kind].filter(({ id }) => id !== busy);
  for (const { id } of listed) {
    const opened = await tryOne(devices, kind, id);
    if (opened.track !== null) return opened;
  }
  return failed('busy');
}

async function tryOne(devices: Devices, kind: Kind, id: string | undefined): Promise<Opened> {
  try {
    const constraints = kind === 'audio' ? audioConstraints(id) : videoConstraints(id);
    const stream = await devices.getUserMedia({ [kind]: constraints });
    return { track: stream.getTracks()[0] ?? null, problem: null };
  } catch (error) {
    return failed(problemOf(error));
  }
}

function audioConstraints(id: string | undefined): MediaTrackConstraints {
  return {
    ...(id === undefined ? {} : { deviceId: { exact: id } }),
    echoCancellation: true,
    noiseSuppression: true,
    autoGainControl: true,
    channelCount: { ideal: 1 },
  };
}

/** The one layer that is sent is 640×360: more would only warm the phone. */
function videoConstraints(id: string | undefined): MediaTrackConstraints {
  return {
    ...(id === undefined ? { facingMode: { ideal: 'user' } } : { deviceId: { exact: id } }),
    width: { ideal: 640 },
    height: { ideal: 360 },
    frameRate: { ideal: 24, max: 30 },
  };
}

function result(want: Wanted, audio: Opened, video: Opened): LocalMedia {
  return {
    audio: audio.track,
    video: video.track,
    audioProblem: want.audio ? audio.problem : null,
    videoProblem: want.video ? video.problem : null,
  };
}

/** Firefox before 131 knows no permission of these names. */
async function browserSays(kind: Kind): Promise<PermissionState | null> {
  const name = kind === 'audio' ? 'microphone' : 'camera';
  try {
    return (await navigator.permissions.query({ name: name as PermissionName })).state;
  } catch {
    return null;
  }
}

function browserDevices(): MediaDevices | null {
  return (navigator.mediaDevices as MediaDevices | undefined) ?? null;
}
