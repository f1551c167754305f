// The group: one tile a person, each in its place.
import { initial, type TileView, tiles } from '../room/people';
import type { Live } from '../room/state';
import { Icon } from './icon';
import type { Page } from './page';
import { Picture } from './picture';

export function Tiles({ page, live }: { page: Page; live: Live }) {
  const state = page.state.value;
  const group = tiles(state, live);
  const stale = state.link === 'open' && state.media !== 'failed' ? '' : ' stale';
  return (
    <main class="group">
      <h2 class="vh">The group</h2>
      <ul class={`tiles${stale}`} data-n={group.length} aria-label={`People here: ${group.length}`}>
        {group.map((tile) => (
          <Tile key={tile.key} tile={tile} page={page} />
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

function Tile({ tile, page }: { tile: TileView; page: Page }) {
  const slots = page.slots.value;
  const stream = tile.me ? page.own.value : (slots.get(tile.slot ?? -1)?.video ?? null);
  return (
    <li class={look(tile)} data-key={tile.key} data-name={tile.name} data-slot={tile.slot}>
      <Picture stream={stream} mirrored={tile.me} hidden={!tile.picture} />
      {!tile.picture && (
        <span class="initial" aria-hidden="true">
          {initial(tile.name)}
        </span>
      )}
      {tile.away && <span class="aside">coming back</span>}
      {tile.hand !== null && <Hand place={tile.hand} />}
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
