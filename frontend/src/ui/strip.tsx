// The banners under the agenda: of the connection, the microphone, and the last notice.

import { isUnstaffed } from '../room/people';
import { isBreak } from '../room/screens';
import type { Live, RoomState } from '../room/state';
import { byWhom, connectionWords } from '../room/words';
import { Icon } from './icon';
import type { Page } from './page';

/** Live regions: present from the start, so that what appears in them is read out. */
export function Strip({ page, live }: { page: Page; live: Live }) {
  const state = page.state.value;
  return (
    <div class="strip">
      <div role="status">
        {state.link !== 'open' ? <Dropped page={page} /> : <Media page={page} />}
      </div>
      <div role="status">
        <OnBreak live={live} />
        <Unstaffed page={page} live={live} />
        <MicrophoneClosed live={live} />
        <Said page={page} live={live} />
      </div>
    </div>
  );
}

function Dropped({ page }: { page: Page }) {
  return (
    <div class="banner" data-banner="reconnecting">
      <span class="pulse">
        <Icon name="signal" />
      </span>
      <p>
        <b>Your connection dropped.</b> We are getting you back. Your place is kept.
        <Call page={page} />
      </p>
    </div>
  );
}

function Call({ page }: { page: Page }) {
  if (!page.staffPhone) return null;
  return (
    <>
      {' '}
      You can call: <a href={`tel:${page.staffPhone}`}>{page.staffPhone}</a>.
    </>
  );
}

const MEDIA: Readonly<Record<RoomState['media'], string>> = {
  idle: '',
  connecting: '',
  connected: '',
  failed: 'Sound and pictures dropped. We are getting them back. Your place is kept.',
};

function Media({ page }: { page: Page }) {
  const words = MEDIA[page.state.value.media];
  if (page.silent.value) return <SoundAsk page={page} />;
  if (!words) return <Connection page={page} />;
  return (
    <div class="banner" data-banner="media">
      <span class="pulse">
        <Icon name="signal" />
      </span>
      <p>{words}</p>
    </div>
  );
}

/** One's own connection while it is bad: what it means, and the one tap that helps. */
function Connection({ page }: { page: Page }) {
  const { quality, own } = page.state.value;
  if (quality.own === 'good') return null;
  return (
    <div class="banner quiet" data-banner="connection">
      <Icon name={`signal-${quality.own}`} />
      <p>{connectionWords(quality.own, own.camera)}</p>
      {own.camera && (
        <button class="btn" type="button" onClick={page.verbs.switchCamera}>
          Camera off
        </button>
      )}
    </div>
  );
}

function SoundAsk({ page }: { page: Page }) {
  return (
    <div class="banner" data-banner="sound">
      <Icon name="sound" />
      <p>Your browser waits for a tap before it plays sound.</p>
      <button class="btn" type="button" onClick={() => page.verbs.soundBlocked(false)}>
        Turn sound on
      </button>
    </div>
  );
}

/** At the desk the break has no page of its own. */
function OnBreak({ live }: { live: Live }) {
  if (!live.me.facilitates || !isBreak(live.room.agenda)) return null;
  return (
    <div class="banner quiet" data-banner="break">
      <Icon name="camera-off" />
      <p>It is a break. Microphones and cameras are off.</p>
    </div>
  );
}

/** Says what happens: the room ends 15 minutes after the last of the staff left (RS3). */
function Unstaffed({ page, live }: { page: Page; live: Live }) {
  if (!isUnstaffed(live)) return null;
  return (
    <div class="banner" data-banner="unstaffed">
      <Icon name="people" />
      <p>
        <b>Nobody of the staff is here right now.</b> You can stay: if nobody comes back within 15
        minutes, the group ends by itself.
        <Call page={page} />
      </p>
    </div>
  );
}

function MicrophoneClosed({ live }: { live: Live }) {
  if (live.me.microphone_allowed || live.me.facilitates) return null;
  return (
    <div class="banner quiet" data-banner="microphone">
      <Icon name="microphone-off" />
      <p>{byWhom(live.room.facilitators)} turned your microphone off. Raise your hand to speak.</p>
    </div>
  );
}

/** The last notice. It stays until dismissed, or until the next one. */
export function Said({ page, live }: { page: Page; live: Live | null }) {
  const { notice } = page.state.value;
  if (!notice) return null;
  const news = notice.tone === 'news';
  const offersLater = notice.code === 'agenda.no_time_left' && live?.me.facilitates;
  return (
    <div class={`banner ${news ? 'quiet' : ''}`} data-notice={notice.code}>
      <Icon name={news ? 'check' : 'caution'} />
      <p>{notice.text}</p>
      {offersLater && (
        <button
          class="btn"
          type="button"
          onClick={() => page.verbs.ask({ type: 'room.end_later', minutes: 5 })}
        >
          End 5 min later
        </button>
      )}
      <button class="ib" type="button" aria-label="Close this message" onClick={page.verbs.dismiss}>
        <Icon name="close" />
      </button>
    </div>
  );
}
