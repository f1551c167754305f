// One's own picture before the room: what others will see, and whether one is heard.
import { initial } from '../room/people';
import type { DeviceProblem } from '../room/state';
import { CameraControl, MicrophoneControl } from './controls';
import { Icon } from './icon';
import type { Page } from './page';
import { Picture } from './picture';

export function Self({ page }: { page: Page }) {
  const { own } = page.state.value;
  return (
    <div class="self">
      <Picture stream={page.own.value} mirrored hidden={!own.camera} />
      {!own.camera && (
        <span class="initial" aria-hidden="true">
          {initial(page.name)}
        </span>
      )}
      <Heard page={page} />
      <div class="self-ctl">
        <MicrophoneControl page={page} allowed={canOpen(own.audioProblem)} />
        <CameraControl page={page} />
      </div>
    </div>
  );
}

/** A tap opens what the system took away, and not what never opened. */
function canOpen(problem: DeviceProblem): boolean {
  return problem === null || problem === 'muted' || problem === 'gone';
}

const LOUD_ENOUGH = 0.08;

/** The level as five bars, and a sentence once a voice has been heard. */
function Heard({ page }: { page: Page }) {
  const { microphone, asked } = page.state.value.own;
  const level = page.level.value;
  if (!asked) return null;
  if (!microphone) return <p class="heard">Microphone off</p>;
  const heard = level > LOUD_ENOUGH;
  return (
    <p class="heard">
      {heard ? <Icon name="check" small /> : <Icon name="microphone" small />}
      {heard ? 'We hear you' : 'Say something'}
      <span class="level" aria-hidden="true" style={{ '--p': `${Math.round(level * 100)}%` }} />
    </p>
  );
}
