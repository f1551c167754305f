// The way out of an app's own browser: which browser to open, and the address to take there.
import { useSignal } from '@preact/signals';
import { useId, useRef } from 'preact/hooks';
import type { OpenIn } from '../room/support';
import { Icon } from './icon';
import type { Page } from './page';
import { CallStaff, HelpLine, Home, Still } from './still';

interface ElsewhereProps {
  readonly page: Page;
  readonly openIn: OpenIn;
}

export function OpenElsewhere({ page, openIn }: ElsewhereProps) {
  return (
    <Still
      page={page}
      footer={
        <>
          <CallStaff page={page} />
          <Home page={page} words="Go to my page" />
          <HelpLine before="Need someone now?" />
        </>
      }
    >
      <h1 tabIndex={-1}>Open this page in {openIn}</h1>
      <p>
        This browser can’t use your camera and microphone. It may be one inside another app, such as
        mail. {openIn} can.
      </p>
      <CopyAddress page={page} openIn={openIn} />
    </Still>
  );
}

/** The address, to be copied by a tap, or by hand where the app allows no more. */
export function CopyAddress({ page, openIn }: ElsewhereProps) {
  const said = useSignal('');
  const field = useRef<HTMLInputElement>(null);
  const id = useId();
  const copy = async () => {
    const copied = await copyText(page.address, field.current);
    said.value = copied
      ? `Copied. Now open ${openIn}, and paste it where the address is. You sign in there once.`
      : 'This app doesn’t let us copy. Press and hold the address, then choose Copy.';
  };
  return (
    <div class="stack tight">
      <label for={id}>Copy the address and paste it in {openIn}:</label>
      <input
        ref={field}
        id={id}
        class="input"
        readOnly
        value={page.address}
        onFocus={(focus) => focus.currentTarget.select()}
      />
      <div>
        <button class="btn primary big wide" type="button" onClick={() => void copy()}>
          <Icon name="copy" />
          Copy the address
        </button>
      </div>
      <p role="status">{said.value}</p>
    </div>
  );
}

/** Gives whether the text is in the clipboard; else it is selected, to be copied by hand. */
async function copyText(text: string, field: HTMLInputElement | null): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    field?.focus();
    return false;
  }
}
