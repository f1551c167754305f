// People and lobby at the desk: hands in order, who is here, who waits, and what staff can do.
import { useSignal } from '@preact/signals';
import { since } from '../room/agenda';
import { condition, hands, type RaisedHand, waitingBecause } from '../room/people';
import type { Live, ParticipantView, WaitingView } from '../room/state';
import { Icon } from './icon';
import type { Page } from './page';
import { PersonSheet } from './person-sheet';
import { Tabs } from './tabs';

export type Tab = 'people' | 'lobby';

interface PeopleProps {
  readonly page: Page;
  readonly live: Live;
  readonly tab: Tab;
  readonly onTab: (tab: Tab) => void;
}

export function DeskPeople({ page, live, tab, onTab }: PeopleProps) {
  return (
    <aside class="rpanel" aria-label="People and lobby">
      <section class="panel">
        <Tabs
          label="People and lobby"
          chosen={tab}
          onChoose={onTab}
          tabs={[
            { id: 'people', words: 'People', count: live.participants.length, counted: 'here' },
            {
              id: 'lobby',
              words: 'Lobby',
              count: live.waiting.length,
              counted: 'waiting',
              calls: true,
            },
          ]}
        />
        <div role="tabpanel" tabIndex={-1} id={`panel-${tab}`} aria-labelledby={`tab-${tab}`}>
          {tab === 'people' ? <People page={page} live={live} /> : <Door page={page} live={live} />}
        </div>
      </section>
    </aside>
  );
}

/** The row goes away with its button: the focus waits in the panel, not at the page's start. */
function toPanel(click: { currentTarget: HTMLElement }): void {
  click.currentTarget.closest<HTMLElement>('[role=tabpanel]')?.focus();
}

function People({ page, live }: { page: Page; live: Live }) {
  const chosen = useSignal<string | null>(null);
  const up = hands(live);
  const person = live.participants.find((other) => other.key === chosen.value);
  const close = () => {
    chosen.value = null;
  };
  const open = (key: string) => {
    chosen.value = key;
  };
  return (
    <>
      {up.length > 0 && <Hands page={page} up={up} />}
      <h3 class="panel-head">Everyone</h3>
      <ul class="people">
        {live.participants.map((other) => (
          <Person key={other.key} page={page} live={live} person={other} onMore={open} />
        ))}
      </ul>
      {person && <PersonSheet page={page} live={live} person={person} onClose={close} />}
    </>
  );
}

function Hands({ page, up }: { page: Page; up: readonly RaisedHand[] }) {
  return (
    <>
      <h3 class="panel-head">Hands, in order</h3>
      <ol class="people hands">
        {up.map((person, place) => (
          <li key={person.key} data-key={person.key}>
            <div>
              <p class="who">
                {place + 1}. {person.name}
              </p>
              <p class="what">since {since(person.sinceMs, page.now.value)}</p>
            </div>
            <button
              class="btn"
              type="button"
              aria-label={`Lower ${person.name}’s hand`}
              onClick={(click) => {
                toPanel(click);
                page.verbs.ask({ type: 'room.lower_hand', key: person.key });
              }}
            >
              Lower
            </button>
          </li>
        ))}
      </ol>
    </>
  );
}

interface PersonProps {
  readonly page: Page;
  readonly live: Live;
  readonly person: ParticipantView;
  readonly onMore: (key: string) => void;
}

function Person({ page, live, person, onMore }: PersonProps) {
  const me = person.key === live.me.key;
  return (
    <li data-key={person.key} class={live.speaking.includes(person.key) ? 'speaks' : undefined}>
      <div>
        <p class="who">{me ? `${person.name} (you)` : person.name}</p>
        <p class="what">{condition(person)}</p>
      </div>
      {!me && (
        <div class="acts">
          <MicrophoneAct page={page} person={person} />
          {!person.facilitates && (
            <button
              class="ib"
              type="button"
              aria-haspopup="dialog"
              aria-label={`More for ${person.name}`}
              onClick={() => onMore(person.key)}
            >
              <Icon name="more" />
            </button>
          )}
        </div>
      )}
    </li>
  );
}

/** Mutes, or lets someone open the microphone again. Nobody's microphone is opened from here. */
function MicrophoneAct({ page, person }: { page: Page; person: ParticipantView }) {
  const { key, name, microphone_allowed: allowed } = person;
  return (
    <button
      class={`ib ${person.microphone ? 'on' : ''}`}
      type="button"
      aria-label={allowed ? `Mute ${name}` : `Allow ${name}’s microphone`}
      onClick={() => page.verbs.ask({ type: allowed ? 'room.mute' : 'room.allow_microphone', key })}
    >
      <Icon name={allowed ? 'microphone' : 'microphone-off'} />
    </button>
  );
}

function Door({ page, live }: { page: Page; live: Live }) {
  const { waiting } = live;
  if (!waiting.length) return <p class="empty muted">Nobody is waiting.</p>;
  return (
    <>
      <p class="panel-head">
        <span>{waiting.length} waiting</span>
        <button
          class="btn quiet"
          type="button"
          onClick={(click) => {
            toPanel(click);
            page.verbs.ask({ type: 'room.admit_all' });
          }}
        >
          Admit all
        </button>
      </p>
      <ul class="people">
        {waiting.map((person) => (
          <Waits key={person.key} page={page} person={person} />
        ))}
      </ul>
    </>
  );
}

function Waits({ page, person }: { page: Page; person: WaitingView }) {
  const because = waitingBecause(person);
  return (
    <li data-key={person.key}>
      <div>
        <p class="who">{person.name}</p>
        <p class="what">
          {because && `${because}, `}waiting {since(person.since_ms, page.now.value)}
        </p>
      </div>
      <button
        class="btn"
        type="button"
        aria-label={`Admit ${person.name}`}
        onClick={(click) => {
          toPanel(click);
          page.verbs.ask({ type: 'room.admit', key: person.key });
        }}
      >
        Admit
      </button>
    </li>
  );
}
