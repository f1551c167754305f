// The group: one tile a person, each in its place.
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { initial, type TileView, tiles } from '../room/people';
import type { Live } from '../room/state';
import { CONNECTIONS } from '../room/words';
import { Icon } from './icon';
import type { Page } from './page';
import { Picture } from './picture';
import { SeenTiles } from './seen';

export function Tiles({ page, live }: { page: Page; live: Live }) {
  const state = page.state.value;
  const group = tiles(state, live);
  const seen = useMemo(() => new SeenTiles(page.verbs.see), [page]);
  useEffect(() => () => seen.close(), [seen]);
  const stale = state.link === 'open' && state.media !== 'failed' ? '' : ' stale';
  return (
    <main class="group">
      <h2 class="vh">The group</h2>
      <ul class={`tiles${stale}`} data-n={group.length} aria-label={`People here: ${group.length}`}>
        {group.map((tile) => (
          <Tile key={tile.key} tile={tile} page={page} seen={seen} />
        ))}
      </ul>
    </main>
  );
}

function look(tile: TileView): string {
  const parts = [
    'tile',
    !tile.picture && 'off',
    tile.away && 'away',
    tile.speaking && 'speaking',
    tile.spotlit && 'spotlit',
  ];
  return parts.filter(Boolean).join(' ');
}

interface TileProps {
  readonly tile: TileView;
  readonly page: Page;
  readonly seen: SeenTiles;
}

function Tile({ tile, page, seen }: TileProps) {
  const element = useRef<HTMLLIElement>(null);
  const { slot } = tile;
  useEffect(
    () => (element.current && slot !== null ? seen.add(element.current, slot) : undefined),
    [seen, slot],
  );
  const slots = page.slots.value;
  const stream = tile.me ? page.own.value : (slots.get(tile.slot ?? -1)?.video ?? null);
  return (
    <li
      ref={element}
      class={look(tile)}
      data-key={tile.key}
      data-name={tile.name}
      data-slot={tile.slot}
    >
      <Picture stream={stream} mirrored={tile.me} hidden={!tile.picture} />
      {!tile.picture && (
        <span class="initial" aria-hidden="true">
          {initial(tile.name)}
        </span>
      )}
      {tile.away && <span class="aside">coming back</span>}
      {tile.hand !== null && <Hand place={tile.hand} />}
      {tile.quality !== 'good' && <Connection quality={tile.quality} />}
      <Name tile={tile} />
    </li>
  );
}

function Hand({ place }: { place: number }) {
  return (
    <span class="badge">
      <Icon name="hand" />
      <span class="vh">hand is up, number {place}</span>
      <span aria-hidden="true">{place}</span>
    </span>
  );
}

/** Whose connection is bad: a sign and a word, at the other side than the hand. */
function Connection({ quality }: { quality: 'weak' | 'poor' }) {
  return (
    <span class="badge link" data-quality={quality}>
      <Icon name={`signal-${quality}`} />
      <span class="vh">connection is </span>
      <span class="word">{CONNECTIONS[quality]}</span>
    </span>
  );
}

function Name({ tile }: { tile: TileView }) {
  return (
    <span class="name">
      <span>{tile.me ? 'You' : tile.name}</span>
      <span class="end">
        {(tile.microphone || tile.me) && !tile.away && (
          <>
            <Icon name={tile.microphone ? 'microphone' : 'microphone-off'} />
            <span class="vh">{tile.microphone ? 'microphone on' : 'microphone off'}</span>
          </>
        )}
        {tile.speaking && <span class="vh">speaking</span>}
        {tile.spotlit && <span class="vh">shown large</span>}
      </span>
    </span>
  );
}
