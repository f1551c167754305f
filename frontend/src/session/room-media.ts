// Sound and pictures of the room: makes the media peer (during the check already, so that its first
// offer goes with the hello), carries its offers and answers over the connection, and hands it the
// node's messages about slots. Owns the peer and the slots' streams.
// Knows neither which devices are open nor whose turn it is.
import { signal } from '@preact/signals';
import type { Outlet } from '../media/own-devices';
import type { MediaListener, MediaPeer } from '../media/peer';
import { View } from '../media/view';
import type { Event, Snapshot } from '../messages';
import type { SeenTile } from '../room/state';
import type { Reply, Request } from '../signaling/connection';
import type { Streams } from '../ui/page';
import type { PageState } from './page-state';
import type { Parts } from './parts';
import { QualityWatch } from './quality-watch';

type Renewal = Parameters<NonNullable<MediaListener['needed']>>[0];

const REFUSED_AGAIN_MS = 500;

/** What the session does for its media. */
export interface MediaOwner {
  send(request: Request): Promise<Reply>;
  /** One's own tracks go there from now; null: nowhere. */
  sendTo(outlet: Outlet | null): void;
  sendingChanged(): void;
}

export class RoomMedia {
  readonly slots = signal<ReadonlyMap<number, Streams>>(new Map());
  readonly #view = new View((tiles) => this.owner.send({ type: 'media.view', tiles }));
  readonly #quality: QualityWatch;
  /** The slots whose picture is on the screen. */
  #seen: ReadonlySet<number> = new Set();
  #peer: MediaPeer | null = null;
  #carried = '';
  #greetedWith = '';
  #isOpen = false;
  #hasBegun = false;

  constructor(
    private readonly parts: Pick<
      Parts,
      'newPeer' | 'hasRelays' | 'after' | 'every' | 'wallNow' | 'mediaSlots' | 'firstRelays'
    >,
    private readonly page: PageState,
    private readonly owner: MediaOwner,
  ) {
    this.#quality = new QualityWatch(parts, page, () => this.#seen);
  }

  /** During the check: what takes a slow device longest is done before the person joins. */
  async prepare(): Promise<void> {
    const slots = this.parts.mediaSlots;
    if (this.#peer || slots === 0) return;
    const relays = this.parts.hasRelays ? await this.parts.firstRelays() : [];
    this.#peer ??= this.#newPeer();
    if (!this.#isOpen) await this.#peer.prepare(slots, relays);
  }

  /** The offer for a hello, while nothing of this page is in the room; null: none was made. */
  firstOffer(): string | null {
    const offer = this.#isOpen ? null : (this.#peer?.prepared() ?? null);
    this.#greetedWith = offer ?? '';
    return offer;
  }

  /** The snapshot of the room, before it is shown: the answer to `firstOffer`, if it has one. */
  answered(snapshot: Snapshot): void {
    const answer = snapshot.media_answer;
    const fits = snapshot.media_slots === this.parts.mediaSlots;
    if (!this.#isOpen && answer && fits)
      this.#hasBegun = this.#peer?.begin(answer, this.#greetedWith) ?? false;
  }

  /** Once in the room; open media stay as they are. */
  open(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#peer ??= this.#newPeer();
    this.owner.sendTo(this.#peer);
    this.#quality.begin(this.#peer);
    if (!this.#hasBegun) void this.#negotiate('fresh');
  }

  #newPeer(): MediaPeer {
    return this.parts.newPeer({
      stream: (slot, video, audio) => {
        this.slots.value = new Map(this.slots.peek()).set(slot, { video, audio });
      },
      covered: (slot, covered, key) => this.page.dispatch({ kind: 'covered', slot, covered, key }),
      state: (media) => this.page.dispatch({ kind: 'media', media }),
      needed: (renewal) => void this.#negotiate(renewal),
      sending: () => this.owner.sendingChanged(),
    });
  }

  close(): void {
    if (!this.#peer || !this.#isOpen) return;
    const peer = this.#peer;
    this.#peer = null;
    this.#isOpen = this.#hasBegun = false;
    peer.close();
    this.#quality.end();
    this.slots.value = new Map();
    this.owner.sendTo(null);
    this.page.dispatch({ kind: 'media', media: 'idle' });
  }

  /** The server's messages about media; all others are not for here. */
  received(event: Event): void {
    if (event.type === 'media.slot_owned') this.#peer?.slotOwned(event.slot, event.key, event.csrc);
    if (event.type === 'media.slot_shown')
      this.#peer?.slotShown(event.slot, event.key, event.rtp_timestamp);
    if (event.type === 'media.closed' && event.again) this.#peer?.closed();
  }

  /** The tiles that are on the screen: the node sends no other picture, and no other can stand
   * still. */
  see(tiles: readonly SeenTile[]): void {
    this.#seen = new Set(tiles.map(({ slot }) => slot));
    this.#view.see(tiles);
  }

  /** The connection was lost and is open again. */
  controlResumed(): void {
    this.#view.opened();
    this.#peer?.controlResumed();
  }

  /** Carries one offer and its answer. Without an answer the peer asks for another offer. */
  async #negotiate(renewal: Renewal): Promise<void> {
    const peer = this.#peer;
    const slots = this.page.live?.mediaSlots;
    if (!peer || slots === undefined) return;
    const relays = await this.#askRelays();
    if (peer !== this.#peer) return;
    const offer = await peer.offer(slots, renewal, relays);
    if (peer !== this.#peer || offer === this.#carried) return;
    this.#carried = offer;
    const reply = await this.owner.send({ type: 'media.offer', sdp: offer });
    if (peer !== this.#peer) return;
    if (reply.type === 'media.answer') await peer.accept(reply.sdp, offer);
    else if (reply.type === 'refused' && reply.code !== 'connection.lost')
      this.parts.after(REFUSED_AGAIN_MS, () => {
        if (peer === this.#peer) void this.#negotiate(renewal);
      });
  }

  /** TURN servers for networks that let nothing else out, where this installation has them. */
  async #askRelays(): Promise<RTCIceServer[]> {
    if (!this.parts.hasRelays) return [];
    const reply = await this.owner.send({ type: 'media.relay' });
    if (reply.type !== 'media.relay_access' || reply.urls.length === 0) return [];
    const { urls, username, credential } = reply;
    return [{ urls: [...urls], username, credential }];
  }
}
