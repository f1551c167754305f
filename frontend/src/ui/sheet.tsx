// A sheet over the room: modal, begins at its heading, Escape is the harmless choice.
import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';

interface SheetProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

/**
 * The browser's own dialog: it makes the rest inert, keeps the focus in and gives it back. It opens
 * in the render that puts it into the page: an effect after the next frame would leave a moment in
 * which an Escape meets a dialog that is not open yet, and is lost.
 */
export function Sheet({ title, onClose, children }: SheetProps) {
  const element = useRef<HTMLDialogElement>(null);
  const id = useId();
  useLayoutEffect(() => {
    const dialog = element.current;
    const opener = document.activeElement as HTMLElement | null;
    dialog?.showModal();
    dialog?.querySelector<HTMLElement>('h2')?.focus();
    return () => {
      dialog?.close();
      opener?.focus();
    };
  }, []);
  return (
    <dialog
      ref={element}
      class="sheet"
      aria-labelledby={id}
      onCancel={(cancel) => {
        cancel.preventDefault();
        onClose();
      }}
    >
      <h2 id={id} tabIndex={-1}>
        {title}
      </h2>
      {children}
    </dialog>
  );
}

interface AskProps {
  readonly title: string;
  readonly text: string;
  readonly yes: string;
  readonly no: string;
  readonly onYes: () => void;
  readonly onNo: () => void;
}

/** Asks once. The harmless answer comes first. */
export function Ask({ title, text, yes, no, onYes, onNo }: AskProps) {
  return (
    <Sheet title={title} onClose={onNo}>
      <p>{text}</p>
      <div class="answers">
        <button class="btn big wide" type="button" onClick={onNo}>
          {no}
        </button>
        <button class="btn danger big wide" type="button" onClick={onYes}>
          {yes}
        </button>
      </div>
    </Sheet>
  );
}
