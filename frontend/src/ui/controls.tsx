// One's own controls: microphone, camera, hand, leave, and the devices behind "More". Each label is what a tap does.
import { useSignal } from '@preact/signals';
import { handIsUp } from '../room/people';
import type { Live } from '../room/state';
import { DeviceChoices } from './devices';
import { Icon, type IconName } from './icon';
import type { Page } from './page';
import { Sheet } from './sheet';

interface ControlProps {
  readonly icon: IconName;
  readonly words: string;
  readonly onClick: () => void;
  readonly look?: string;
  readonly disabled?: boolean;
  readonly name?: string;
}

export function Control({ icon, words, onClick, look, disabled, name }: ControlProps) {
  return (
    <button
      class={`ctl ${look ?? ''}`}
      type="button"
      data-control={name}
      aria-disabled={disabled ? 'true' : undefined}
      onClick={disabled ? undefined : onClick}
    >
      <Icon name={icon} />
      {words}
    </button>
  );
}

interface CameraProps {
  readonly page: Page;
  readonly look?: string;
  readonly allowed?: boolean;
}

/** `allowed` is false while staff keep the microphone closed. */
export function MicrophoneControl({ page, allowed }: { page: Page; allowed: boolean }) {
  const { microphone } = page.state.value.own;
  return (
    <Control
      name="microphone"
      icon={microphone ? 'microphone' : 'microphone-off'}
      words={microphone ? 'Mute' : 'Unmute'}
      look={microphone ? 'on' : ''}
      disabled={!allowed}
      onClick={page.verbs.switchMicrophone}
    />
  );
}

/** `allowed` is false in a break. */
export function CameraControl({ page, look, allowed = true }: CameraProps) {
  const { camera } = page.state.value.own;
  return (
    <Control
      name="camera"
      icon={camera ? 'camera' : 'camera-off'}
      words={camera ? 'Stop video' : 'Start video'}
      look={`${camera ? 'on' : ''} ${look ?? ''}`}
      disabled={!allowed}
      onClick={page.verbs.switchCamera}
    />
  );
}

function HandControl({ page, live }: { page: Page; live: Live }) {
  const up = handIsUp(live, live.me.key);
  return (
    <Control
      name="hand"
      icon="hand"
      words={up ? 'Lower hand' : 'Raise hand'}
      look={up ? 'up' : ''}
      onClick={page.verbs.switchHand}
    />
  );
}

export function TryAgain({ page }: { page: Page }) {
  return <Control name="retry" icon="back" words="Try again" onClick={page.verbs.retry} />;
}

export function ClientControls({ page, live }: { page: Page; live: Live }) {
  const dropped = page.state.value.link !== 'open';
  const more = useSignal(false);
  return (
    <section class="controls" id="controls" aria-label="My controls">
      <div class="media">
        <MicrophoneControl page={page} allowed={live.me.microphone_allowed} />
        <CameraControl page={page} />
        {dropped ? <TryAgain page={page} /> : <HandControl page={page} live={live} />}
        <Control name="more" icon="more" words="More" onClick={() => (more.value = true)} />
        <Control name="leave" icon="leave" words="Leave" onClick={page.verbs.leave} />
      </div>
      {more.value && (
        <Sheet title="More" onClose={() => (more.value = false)}>
          <DeviceChoices page={page} />
          <button class="btn wide" type="button" onClick={() => (more.value = false)}>
            Close
          </button>
        </Sheet>
      )}
    </section>
  );
}
