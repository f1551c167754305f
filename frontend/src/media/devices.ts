/**
 * Camera and microphone: opening them, naming why one did not open, listing them. Owns the
 * constraints. Knows no peer connection and shows nothing: the caller owns the tracks that open,
 * and stops them.
 */

/**
 * Why a device did not open: the person or a policy said no, there is none, another program has
 * it, or the page is not on https (where browsers hide devices).
 */
export type DeviceProblem = 'blocked' | 'missing' | 'busy' | 'insecure';

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

type Opened = { track: MediaStreamTrack | null; problem: DeviceProblem | null };
type Wanted = { readonly audio: boolean; readonly video: boolean };

/**
 * Opens what is wanted: both with one question to the person, and each by itself when that fails,
 * so that a broken camera costs no one their voice. Never rejects.
 */
export async function openDevices(
  choice: DeviceChoice,
  want: Wanted,
  devices: Devices | null = browserDevices(),
): Promise<LocalMedia> {
  if (devices === null) return result(want, failed('insecure'), failed('insecure'));
  const both = want.audio && want.video ? await openBoth(devices, choice) : null;
  if (both !== null) return both;
  const audio = want.audio ? await openOne(devices, 'audio', choice.audioId) : NOT_WANTED;
  const video = want.video ? await openOne(devices, 'video', choice.videoId) : NOT_WANTED;
  return result(want, audio, video);
}

/** What can be chosen. Empty where the browser hides devices. */
export async function listDevices(
  devices: Devices | null = browserDevices(),
): Promise<{ audio: DeviceName[]; video: DeviceName[] }> {
  const all = (await devices?.enumerateDevices()) ?? [];
  const names = (kind: MediaDeviceKind): DeviceName[] =>
    all
      .filter((device) => device.kind === kind && device.deviceId !== '')
      .map((device) => ({ id: device.deviceId, label: device.label }));
  return { audio: names('audioinput'), video: names('videoinput') };
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

async function openBoth(devices: Devices, choice: DeviceChoice): Promise<LocalMedia | null> {
  try {
    const stream = await devices.getUserMedia({
      audio: audioConstraints(choice.audioId),
      video: videoConstraints(choice.videoId),
    });
    const [audio, video] = [stream.getAudioTracks()[0], stream.getVideoTracks()[0]];
    if (audio === undefined || video === undefined) return null;
    return result({ audio: true, video: true }, opened(audio), opened(video));
  } catch {
    return null; // each by itself says which of the two it was
  }
}

function opened(track: MediaStreamTrack): Opened {
  return { track, problem: null };
}

/** The chosen device, or any when the chosen one is gone. */
async function openOne(
  devices: Devices,
  kind: 'audio' | 'video',
  id: string | undefined,
): Promise<Opened> {
  try {
    const constraints = kind === 'audio' ? audioConstraints(id) : videoConstraints(id);
    const stream = await devices.getUserMedia({ [kind]: constraints });
    return { track: stream.getTracks()[0] ?? null, problem: null };
  } catch (error) {
    const problem = problemOf(error);
    const gone = id !== undefined && problem === 'missing';
    return gone ? openOne(devices, kind, undefined) : failed(problem);
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

function browserDevices(): MediaDevices | null {
  return (navigator.mediaDevices as MediaDevices | undefined) ?? null;
}
