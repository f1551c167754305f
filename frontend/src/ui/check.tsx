// Before joining: one's picture, the microphone's level, the devices, and the buttons to join.
import type { Own } from '../room/state';
import { DEVICES } from '../room/words';
import { DeviceChoices } from './devices';
import { EchoCheck } from './echo';
import { Icon } from './icon';
import { CopyAddress } from './open-elsewhere';
import type { Page } from './page';
import { Self } from './self';
import { Still } from './still';

export function Check({ page }: { page: Page }) {
  const { own } = page.state.value;
  return (
    <Still
      page={page}
      footer={<JoinButtons page={page} own={own} />}
      aside={
        <a class="btn quiet" href={page.home}>
          Back
        </a>
      }
      look="lobby check"
      top
    >
      <div class="stack tight">
        <h1 tabIndex={-1}>Ready{page.name ? `, ${page.name}` : ''}?</h1>
        <p role="status">{greeting(own)}</p>
      </div>
      <Self page={page} />
      <Problem page={page} own={own} />
      <EchoCheck page={page} />
      <Devices page={page} own={own} />
    </Still>
  );
}

function greeting(own: Own): string {
  if (!own.asked) return 'Your browser asks for the microphone and the camera. Choose Allow.';
  return 'Nobody sees or hears you yet.';
}

/** What is wrong with a device, and a button to try it again. */
function Problem({ page, own }: { page: Page; own: Own }) {
  const words = [
    own.audioProblem && DEVICES.audio[own.audioProblem],
    own.videoProblem && DEVICES.video[own.videoProblem],
  ].filter(Boolean);
  if (!words.length) return null;
  return (
    <div class="note caution" role="status">
      <Icon name="caution" />
      <div class="stack tight">
        {words.map((sentence) => (
          <p key={sentence}>{sentence}</p>
        ))}
        {page.openIn && <CopyAddress page={page} openIn={page.openIn} />}
        <div>
          <button class="btn" type="button" onClick={page.verbs.check}>
            Try again
          </button>
        </div>
      </div>
    </div>
  );
}

function JoinButtons({ page, own }: { page: Page; own: Own }) {
  const { join } = page.verbs;
  const sound = !own.audioProblem;
  return (
    <>
      <button
        class="btn primary big wide"
        type="button"
        data-way="join"
        onClick={() => join({ audio: sound, video: !own.videoProblem && own.camera })}
      >
        Join
      </button>
      <div class="two">
        <button
          class="btn"
          type="button"
          data-way="sound"
          onClick={() => join({ audio: sound, video: false })}
        >
          Join without video
        </button>
        <button
          class="btn"
          type="button"
          data-way="listen"
          onClick={() => join({ audio: false, video: false })}
        >
          Just listen
        </button>
      </div>
    </>
  );
}

function Devices({ page, own }: { page: Page; own: Own }) {
  if (own.audioDevices.length + own.videoDevices.length === 0) return null;
  return (
    <details class="devices">
      <summary>Microphone, camera, sound and keys</summary>
      <div class="stack">
        <DeviceChoices page={page} />
        <Keys page={page} />
      </div>
    </details>
  );
}

function Keys({ page }: { page: Page }) {
  return (
    <label class="choice">
      <input
        type="checkbox"
        checked={page.keys.value}
        onChange={(change) => page.verbs.setKeys(change.currentTarget.checked)}
      />
      <span>Keys in the room: M mutes, V stops video, H raises the hand</span>
    </label>
  );
}
