// What a change of screen does to one's own devices: nobody is seen or heard again without a tap.
// Owns what the room allows, as it was applied last. Knows no socket and no media.
import type { OwnDevices, Wanted } from '../media/own-devices';
import { allowedDevices, needs } from '../room/screens';
import type { Screen } from '../room/state';

type Devices = Pick<OwnDevices, 'wanted' | 'open' | 'allow' | 'release'>;

export class DeviceRules {
  #allowed: Wanted = { microphone: true, camera: true };
  #cameraBefore = false;

  constructor(private readonly devices: Devices) {}

  follow(before: Screen, after: Screen): void {
    const has = needs(after).devices;
    if (!has && before.at !== after.at) this.#close(after);
    if (!has) return;
    const changed = this.#allow(allowedDevices(after));
    if (!changed && !needs(before).devices) void this.devices.open();
  }

  /** The tap on "Reopen" is the tap that brings one's own camera back. */
  reopens(): void {
    this.devices.wanted = { microphone: false, camera: this.#cameraBefore };
  }

  /** Outside the group no device stays open. Only a resting page keeps the wish for a camera: one
   * comes back from it by a tap. */
  #close(after: Screen): void {
    this.#cameraBefore = this.devices.wanted.camera;
    const camera = after.at === 'resting' && this.#cameraBefore;
    this.devices.wanted = { microphone: false, camera };
    this.devices.release();
  }

  /** Staff may close a microphone, a break closes everything. A microphone that was closed stays
   * closed until its owner opens it; the camera comes back. Returns whether anything changed. */
  #allow(allowed: Wanted): boolean {
    const before = this.#allowed;
    if (allowed.microphone === before.microphone && allowed.camera === before.camera) return false;
    this.#allowed = allowed;
    if (!allowed.microphone || !before.microphone)
      this.devices.wanted = { ...this.devices.wanted, microphone: false };
    void this.devices.allow(allowed);
    return true;
  }
}
