// The device check's echo: hearing oneself as the group does. Owns what the echo says and plays,
// and that it ends with the check. Knows no server: the echo itself is a part.
import { signal } from '@preact/signals';
import type { OwnDevices } from '../media/own-devices';
import type { EchoView } from '../room/echo';
import type { EchoControl } from '../ui/page';
import type { Parts } from './parts';

export class EchoCheck implements EchoControl {
  readonly view = signal<EchoView>({ at: 'idle' });
  readonly sound = signal<MediaStream | null>(null);
  readonly #echo: ReturnType<Parts['newEcho']>;

  constructor(
    parts: Pick<Parts, 'newEcho'>,
    private readonly devices: Pick<OwnDevices, 'audio'>,
  ) {
    this.#echo = parts.newEcho({
      news: (news) => {
        this.view.value = news;
      },
      sound: (sound) => {
        this.sound.value = sound;
      },
    });
  }

  start(): void {
    if (this.devices.audio) void this.#echo.start(this.devices.audio);
  }

  stop(): void {
    this.#echo.stop();
  }

  /** Another microphone was chosen: it is heard from now on. */
  follow(): void {
    this.#echo.send(this.devices.audio);
  }

  /** The check is over. */
  close(): void {
    this.#echo.close();
  }
}
