/**
 * What this browser sends of its own microphone and camera, and whether it really does. Owns
 * which track each sender is to have. "Off" takes the track off the sender and disables it, so
 * that the state that is shown is read from both, and not from the button.
 */

/** True when the sender sends what this track captures: the only ground for "on". */
export function isSending(
  sender: Pick<RTCRtpSender, 'track'> | null,
  track: MediaStreamTrack | null,
): boolean {
  if (sender === null || track === null) return false;
  return sender.track === track && track.enabled && !track.muted && track.readyState === 'live';
}

/** One device's output: the track it has, and the sender of the newest peer connection. */
export class Outgoing {
  track: MediaStreamTrack | null = null;
  sender: RTCRtpSender | null = null;

  constructor(private readonly changed: () => void) {}

  /** Sends `track` from now; null sends nothing. The track that was is disabled, not stopped. */
  async set(track: MediaStreamTrack | null): Promise<void> {
    if (track !== this.track) this.#exchange(track);
    if (track !== null) track.enabled = true;
    await this.sender?.replaceTrack(track);
    this.changed();
  }

  /** A new peer connection: what is sent goes on there. */
  async moveTo(sender: RTCRtpSender): Promise<void> {
    this.sender = sender;
    await sender.replaceTrack(this.track);
    this.changed();
  }

  isOpen(): boolean {
    return isSending(this.sender, this.track);
  }

  /** Without a peer connection nothing is sent. */
  moveAway(): void {
    this.sender = null;
    this.changed();
  }

  #exchange(track: MediaStreamTrack | null): void {
    if (this.track !== null) this.track.enabled = false;
    for (const event of OUTSIDE) {
      this.track?.removeEventListener(event, this.changed);
      track?.addEventListener(event, this.changed);
    }
    this.track = track;
  }
}

/** What the device or the system does to a track without asking the page. */
const OUTSIDE = ['mute', 'unmute', 'ended'] as const;
