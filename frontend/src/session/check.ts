// The device check: opens the devices, lists them, shows how loud one is before the room.
// Owns the level meter and the check's verbs. Knows no socket: nobody hears what is checked here.
import { signal } from '@preact/signals';
import type { DeviceChoice, DeviceName } from '../media/devices';
import { choosable, outputFor, USUAL } from '../media/output';
import type { OwnDevices } from '../media/own-devices';
import type { PageState } from './page-state';
import type { Parts } from './parts';

type Devices = Pick<OwnDevices, 'audio' | 'video' | 'choice' | 'wanted' | 'want' | 'choose'>;

export class DeviceCheck {
  /** How loud one's own microphone is, 0 to 1. */
  readonly level = signal(0);
  #outputs: readonly DeviceName[] = [];
  #metered: { readonly track: MediaStreamTrack; readonly stop: () => void } | null = null;

  constructor(
    private readonly parts: Pick<Parts, 'listDevices' | 'meter' | 'outputs'>,
    private readonly page: PageState,
    private readonly devices: Devices,
  ) {}

  /** Asks the person for the devices, then lists what there is. */
  async open(): Promise<void> {
    await this.devices.want(this.devices.wanted);
    await this.list();
    this.page.dispatch({ kind: 'own', own: { asked: true } });
  }

  async choose(choice: DeviceChoice): Promise<void> {
    await this.devices.choose(choice);
    await this.list();
  }

  /** What plays the sound from now on, here and the next time. */
  async chooseOutput(id: string): Promise<void> {
    this.parts.outputs.choose(id);
    await this.list();
  }

  /** The chosen one does not play: the usual one does. Chosen stays chosen, for when it is back. */
  outputFailed(): void {
    this.page.dispatch({ kind: 'own', own: { outputId: USUAL } });
  }

  /** Lists what there is. Gives what is gone since: the output that was chosen, or another. */
  async list(): Promise<'chosen' | 'other' | null> {
    const { audio, video, outputs } = await this.parts.listDevices();
    const gone = this.#outputs.filter(({ id }) => !outputs.some((other) => other.id === id));
    const played = this.page.current.own.outputId;
    this.#outputs = outputs;
    const outputDevices = choosable(outputs, this.parts.outputs.can);
    const { choice } = this.devices;
    const own = {
      audioDevices: audio,
      videoDevices: video,
      outputDevices,
      outputId: outputFor(this.parts.outputs.chosen(), outputDevices),
      audioId: choice.audioId ?? this.devices.audio?.getSettings().deviceId ?? null,
      videoId: choice.videoId ?? this.devices.video?.getSettings().deviceId ?? null,
    };
    this.page.dispatch({ kind: 'own', own });
    if (gone.length === 0) return null;
    return gone.some(({ id }) => id === played) ? 'chosen' : 'other';
  }

  /** The meter runs before the room only. Called when the screen or a track has changed. */
  settleMeter(): void {
    const { at } = this.page.current.screen;
    const track = at === 'check' || at === 'lobby' ? this.devices.audio : null;
    if (track === (this.#metered?.track ?? null)) return;
    this.#metered?.stop();
    const stop = track && this.parts.meter(track, (level) => (this.level.value = level));
    this.#metered = track && stop && { track, stop };
  }
}
