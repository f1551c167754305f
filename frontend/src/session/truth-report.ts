// Keeps what the server holds of this browser's microphone and camera equal to what is true.
// The truth is compared, not its changes: a connection may open while the truth changes, and a
// snapshot may say something else than was sent. Owns what the server was last sent of each device.
import type { Wanted } from '../media/own-devices';
import type { Request } from '../signaling/connection';

type Device = keyof Wanted;

const DEVICES: readonly Device[] = ['microphone', 'camera'];
const OFF: Wanted = { microphone: false, camera: false };

export class TruthReport {
  /** What the server holds, as far as it is known here. */
  #server = OFF;
  #hello = OFF;
  readonly #sending = new Set<Device>();

  /** `send` resolves with the reply, or when the connection is lost. */
  constructor(
    private readonly truth: () => Wanted,
    private readonly send: (request: Request) => Promise<unknown>,
  ) {}

  /** The truth for the hello of the next connection. */
  hello(): Wanted {
    this.#hello = this.truth();
    return this.#hello;
  }

  /** The connection is open: the server holds what `hello` said, whatever was sent before. */
  opened(): void {
    this.#server = this.#hello;
  }

  /** What the server shows the others of this participant. It does not count for a device whose
   * command is on its way. */
  received(view: Wanted): void {
    for (const device of DEVICES) {
      if (!this.#sending.has(device)) this.#holds(device, view[device]);
    }
  }

  /** Sends what differs from the truth: one command at a time for each device, so that their order
   * is kept. A refused one is not repeated until the server shows the difference again. */
  settle(): void {
    for (const device of DEVICES) void this.#settle(device);
  }

  async #settle(device: Device): Promise<void> {
    const on = this.truth()[device];
    if (this.#sending.has(device) || this.#server[device] === on) return;
    this.#holds(device, on);
    this.#sending.add(device);
    await this.send({ type: `me.${device}`, on });
    this.#sending.delete(device);
    await this.#settle(device);
  }

  #holds(device: Device, on: boolean): void {
    this.#server = { ...this.#server, [device]: on };
  }
}
