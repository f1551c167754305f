// Leaving the desk. The last of the staff is asked once, since the group would go on without them.
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { isLastOfStaff } from '../room/people';
import type { Live } from '../room/state';
import type { Page } from './page';
import { Sheet } from './sheet';

interface LeaveAsk {
  readonly leave: () => void;
  readonly sheet: JSX.Element | null;
}

/** What a tap on "Leave" does, and the question that it may ask. `onEnd` asks about the end. */
export function useLeaveAsk(page: Page, live: Live, onEnd: () => void): LeaveAsk {
  const asking = useSignal(false);
  const close = () => {
    asking.value = false;
  };
  const then = (verb: () => void) => () => {
    close();
    verb();
  };
  const leave = () => {
    if (isLastOfStaff(live)) asking.value = true;
    else page.verbs.leave();
  };
  const sheet = asking.value ? (
    <Sheet title="Leave the group without staff?" onClose={close}>
      <p>
        Nobody else of the staff is here. Everybody is told so. If nobody comes back within 15
        minutes, the group ends by itself.
      </p>
      <div class="answers">
        <button class="btn big wide" type="button" onClick={close}>
          Stay
        </button>
        <button class="btn big wide" type="button" onClick={then(page.verbs.leave)}>
          Leave; the group goes on
        </button>
        <button class="btn danger big wide" type="button" onClick={then(onEnd)}>
          End for everyone…
        </button>
      </div>
    </Sheet>
  ) : null;
  return { leave, sheet };
}
