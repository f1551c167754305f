// What staff can do about one person. Removing is last, and asks.
import { useSignal } from '@preact/signals';
import type { RoomCommand } from '../room/commands';
import { handIsUp, isSpotlit } from '../room/people';
import type { Live, ParticipantView } from '../room/state';
import type { Page } from './page';
import { Ask, Sheet } from './sheet';

interface PersonSheetProps {
  readonly page: Page;
  readonly live: Live;
  readonly person: ParticipantView;
  readonly onClose: () => void;
}

export function PersonSheet({ page, live, person, onClose }: PersonSheetProps) {
  const removing = useSignal(false);
  const { key, name } = person;
  const ask = (command: RoomCommand) => () => {
    onClose();
    page.verbs.ask(command);
  };
  if (removing.value)
    return (
      <Ask
        title={`Remove ${name} from today’s group?`}
        text={`${name} leaves the room and can’t come back today. The time so far is counted.`}
        yes={`Remove ${name}`}
        no="Keep in the room"
        onYes={ask({ type: 'room.remove', key })}
        onNo={onClose}
      />
    );
  return (
    <Sheet title={name} onClose={onClose}>
      <div class="answers">
        {person.microphone_allowed ? (
          <Choice words="Turn the microphone off" onClick={ask({ type: 'room.mute', key })} />
        ) : (
          <Choice
            words="Allow the microphone"
            onClick={ask({ type: 'room.allow_microphone', key })}
          />
        )}
        {handIsUp(live, key) && (
          <Choice words="Lower the hand" onClick={ask({ type: 'room.lower_hand', key })} />
        )}
        {isSpotlit(live, key) ? (
          <Choice words="Stop showing large" onClick={ask({ type: 'room.spotlight', key: null })} />
        ) : (
          <Choice words="Show large for everyone" onClick={ask({ type: 'room.spotlight', key })} />
        )}
        <Choice words="Close" onClick={onClose} />
        <hr />
        <button class="btn danger big wide" type="button" onClick={() => (removing.value = true)}>
          Remove from today’s group…
        </button>
      </div>
    </Sheet>
  );
}

function Choice({ words, onClick }: { words: string; onClick: () => void }) {
  return (
    <button class="btn big wide" type="button" onClick={onClick}>
      {words}
    </button>
  );
}
