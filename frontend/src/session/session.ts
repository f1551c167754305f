// One person's session on this page: joins the connection, the media, the devices and the state.
// The only module that knows all four; each of them knows none of the others, and a test injects
// its own. Owns the connection. Knows no DOM.
import { signal } from '@preact/signals';
import { OwnDevices, type Problems } from '../media/own-devices';
import type { Event } from '../messages';
import { myself } from '../room/people';
import { breaks, isInside, needs } from '../room/screens';
import { liveOf, type RoomState } from '../room/state';
import type { OpenIn } from '../room/support';
import { BREAK_OVER, DEVICES, OUTPUT_GONE, reopened } from '../room/words';
import type {
  Close,
  Connection,
  ConnectionStatus,
  Greeting,
  Reply,
  Request,
} from '../signaling/connection';
import { DeviceCheck } from './check';
import { EchoCheck } from './echo-check';
import { PageState } from './page-state';
import type { Parts } from './parts';
import { RoomMedia } from './room-media';
import { DeviceRules } from './rules';
import { TruthReport } from './truth-report';

const LOST: Reply = { type: 'refused', id: 0, code: 'connection.lost', text: '' };

export class RoomSession {
  readonly page: PageState;
  readonly devices: OwnDevices;
  readonly check: DeviceCheck;
  readonly echo: EchoCheck;
  readonly media: RoomMedia;
  readonly rules: DeviceRules;
  /** One's own picture. */
  readonly own = signal<MediaStream | null>(null);
  readonly #report: TruthReport;
  #connection: Connection | null = null;
  #hasEntered = false;

  constructor(private readonly parts: Parts) {
    const send = (request: Request) => this.send(request);
    this.page = new PageState(parts.support.can, parts.wallNow, (was, is) => this.#follow(was, is));
    this.devices = new OwnDevices(
      {
        changed: () => this.#ownChanged(),
        problems: (problems) => this.#problemsFound(problems),
      },
      parts.openDevices,
    );
    this.rules = new DeviceRules(this.devices);
    this.check = new DeviceCheck(parts, this.page, this.devices);
    this.echo = new EchoCheck(parts, this.devices);
    this.media = new RoomMedia(parts, this.page, {
      send,
      sendTo: (outlet) => void this.devices.sendTo(outlet),
      sendingChanged: () => this.#ownChanged(),
    });
    this.#report = new TruthReport(() => this.devices.truth(), send);
  }

  /** Opens the page: the check of the devices, where this browser can take part. */
  start(): void {
    if (!this.parts.support.can) return;
    this.parts.onDevicesChanged(() => void this.#devicesChanged());
    this.parts.onSeen((visible) => this.devices.seen(visible));
    this.#connection = this.#reach();
    void this.check.open().then(() => this.media.prepare());
  }

  /** The browser that a person in an app's own one is sent to, and the address to take there. */
  get place(): { openIn: OpenIn | null; address: string } {
    return { openIn: this.parts.support.openIn, address: this.parts.address };
  }

  /** Whether the screen of this device is to stay on. */
  get keepsAwake(): boolean {
    return needs(this.page.current.screen).awake;
  }

  // ---- the connection --------------------------------------------------------------------

  /** Enters the room: over the connection that waits since the page was opened, or over a new
   * one in place of that which was there before. */
  connect(): void {
    if (this.#hasEntered || this.#connection === null) {
      this.#end(this.#connection);
      this.#connection = this.#reach();
    }
    this.#hasEntered = true;
    this.page.dispatch({ kind: 'joined' });
    this.#connection?.enter();
  }

  /** A connection that waits for the person to enter. */
  #reach(): Connection {
    return this.parts.connect(
      {
        event: (event) => this.#received(event),
        status: (status, close) => this.#statusChanged(status, close),
        clock: (offsetMs) => this.page.dispatch({ kind: 'clock', offsetMs }),
      },
      () => this.#greeting(),
    );
  }

  #greeting(): Greeting {
    const sdp = this.media.firstOffer();
    return sdp === null ? this.#report.hello() : { ...this.#report.hello(), sdp };
  }

  /** Leaves the group. The connection ends with the reply, unless one has come back by then. */
  leave(): void {
    const left = this.#connection;
    void this.send({ type: 'me.leave' }).then(() => this.#end(left));
    this.page.dispatch({ kind: 'left' });
  }

  retryNow(): void {
    this.#connection?.retryNow();
  }

  /** Sends a command; without a connection it is refused as lost. */
  send(request: Request): Promise<Reply> {
    return this.#connection?.send(request) ?? Promise.resolve(LOST);
  }

  /** Sends a command whose refusal the person is to read. */
  async ask(request: Request): Promise<void> {
    const reply = await this.send(request);
    const about = request.type;
    if (reply.type === 'refused') this.page.dispatch({ kind: 'refused', about, refused: reply });
    else this.page.dispatch({ kind: 'done', about });
  }

  /** Closes the connection for good, if it is still this session's. */
  #end(connection: Connection | null): void {
    if (connection === null || connection !== this.#connection) return;
    this.#connection = null;
    connection.close();
  }

  #received(event: Event): void {
    if (event.type === 'snapshot') this.media.answered(event);
    this.page.dispatch({ kind: 'event', event });
    this.media.received(event);
  }

  #statusChanged(link: ConnectionStatus, close?: Close): void {
    const resumed = link === 'open' && this.page.current.link === 'reconnecting';
    this.page.dispatch({ kind: 'link', link, ...(close ? { close } : {}) });
    if (link === 'open') {
      this.#report.opened();
      this.#reportTruth();
    }
    if (resumed) this.media.controlResumed();
  }

  // ---- one's own devices -----------------------------------------------------------------

  /** Shows what is true of one's own tracks, and lets the server know. */
  #ownChanged(): void {
    const { video } = this.devices;
    if (video !== (this.own.peek()?.getVideoTracks()[0] ?? null))
      this.own.value = video && this.parts.streamOf(video);
    this.check.settleMeter();
    this.echo.follow();
    const { own } = this.page.current;
    const truth = this.devices.truth();
    if (truth.microphone !== own.microphone || truth.camera !== own.camera)
      this.page.dispatch({ kind: 'own', own: truth });
    this.#reportTruth();
  }

  /** Before the first snapshot the server knows what `hello` says, and needs no more. */
  #reportTruth(): void {
    if (this.page.live) this.#report.settle();
  }

  /** After the check these sentences have no place of their own: they go to the status line, and
   * from it when the device works again. */
  #problemsFound(problems: Partial<Problems>): void {
    this.page.dispatch({ kind: 'own', own: problems });
    const { audioProblem, videoProblem } = this.page.current.own;
    if (!audioProblem && !videoProblem) this.page.dispatch({ kind: 'done', about: 'devices' });
    const text =
      (audioProblem && DEVICES.audio[audioProblem]) ||
      (videoProblem && DEVICES.video[videoProblem]);
    if (text && this.page.current.screen.at !== 'check')
      this.page.notify('devices', text, 'refusal');
  }

  /** Something was plugged in or pulled out. */
  async #devicesChanged(): Promise<void> {
    const gone = await this.check.list();
    if (gone && isInside(this.page.current.screen))
      this.page.notify('outputs', OUTPUT_GONE[gone], 'refusal');
  }

  /** The chosen output was listed, and does not play. */
  outputFailed(): void {
    this.check.outputFailed();
    this.page.notify('outputs', OUTPUT_GONE.chosen, 'refusal');
  }

  // ---- what follows from a change of state -----------------------------------------------

  #follow(before: RoomState, after: RoomState): void {
    const [was, is] = [before.screen, after.screen];
    if (was === is) return;
    if (isInside(is)) this.media.open();
    if (!needs(is).media) this.media.close();
    this.rules.follow(was, is);
    this.#compareWithServer(before, after);
    if (breaks(was) && isInside(is) && !breaks(is))
      this.page.notify('break.over', BREAK_OVER, 'news');
    if (was.at === is.at) return;
    if (was.at === 'check') this.echo.close();
    if (was.at === 'ended' && is.at === 'room')
      this.page.notify('room.reopened', reopened(this.devices.wanted), 'news');
    this.check.settleMeter();
  }

  /** After each snapshot, and when the server shows this participant otherwise than before. */
  #compareWithServer(before: RoomState, after: RoomState): void {
    const [was, is] = [liveOf(before.screen), liveOf(after.screen)];
    const view = is && myself(is);
    if (view && view !== (was && myself(was))) this.#report.received(view);
    this.#reportTruth();
  }
}
