// Keeps what the server knows of the tiles on the screen equal to what is there: one message at a
// time, the newest next. Owns what was sent last. Knows no connection and no page.

/** A visible tile: its slot, and its size in pixels of the device. */
export interface Tile {
  readonly slot: number;
  readonly width: number;
  readonly height: number;
}

export class View {
  #newest: readonly Tile[] | null = null;
  #sent = '';
  #isSending = false;

  /** `send` resolves with the reply, or when the connection is lost. */
  constructor(private readonly send: (tiles: Tile[]) => Promise<unknown>) {}

  /** All tiles that are visible now. */
  see(tiles: readonly Tile[]): void {
    this.#newest = tiles;
    void this.#settle();
  }

  /** The connection is open again: the server holds nothing of this page. */
  opened(): void {
    this.#sent = '';
    void this.#settle();
  }

  async #settle(): Promise<void> {
    const tiles = this.#newest;
    const now = JSON.stringify(tiles);
    if (this.#isSending || tiles === null || now === this.#sent) return;
    this.#sent = now;
    this.#isSending = true;
    await this.send([...tiles]);
    this.#isSending = false;
    await this.#settle();
  }
}
