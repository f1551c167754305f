// Which microphone, which camera, and what plays the sound: in the check and in the room.
import type { DeviceName } from '../room/state';
import type { Page } from './page';

/** A change takes hold at once. */
export function DeviceChoices({ page }: { page: Page }) {
  const { own } = page.state.value;
  const { choose, chooseOutput } = page.verbs;
  return (
    <>
      <Choice
        id="microphone-device"
        label="Microphone"
        devices={own.audioDevices}
        chosen={own.audioId}
        onChoose={(audioId) => choose({ audioId })}
      />
      <Choice
        id="camera-device"
        label="Camera"
        devices={own.videoDevices}
        chosen={own.videoId}
        onChoose={(videoId) => choose({ videoId })}
      />
      <Choice
        id="output-device"
        label="Speaker"
        devices={own.outputDevices}
        chosen={own.outputId}
        onChoose={chooseOutput}
      />
      {!own.outputDevices.length && (
        <p class="small muted">Sound follows this device. Use its volume keys.</p>
      )}
    </>
  );
}

interface ChoiceProps {
  readonly id: string;
  readonly label: string;
  readonly devices: readonly DeviceName[];
  readonly chosen: string | null;
  readonly onChoose: (id: string) => void;
}

function Choice({ id, label, devices, chosen, onChoose }: ChoiceProps) {
  if (!devices.length) return null;
  const listed = devices.find((device) => device.id === chosen) ?? devices[0];
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select
        id={id}
        class="input"
        value={listed?.id}
        onChange={(change) => onChoose(change.currentTarget.value)}
      >
        {devices.map((device, place) => (
          <option key={device.id} value={device.id}>
            {device.label || `${label} ${place + 1}`}
          </option>
        ))}
      </select>
    </div>
  );
}
