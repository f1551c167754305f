// Moving pictures and sound of the browser's streams. Owns the elements, never the tracks.
import { useEffect, useRef } from 'preact/hooks';
import type { Page } from './page';

interface PictureProps {
  readonly stream: MediaStream | null;
  readonly mirrored?: boolean;
  readonly hidden?: boolean;
}

/** A picture without sound. Hidden it stays in the page, so that its frames are still counted. */
export function Picture({ stream, mirrored, hidden }: PictureProps) {
  const element = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    const video = element.current;
    if (!video || video.srcObject === stream) return;
    video.srcObject = stream;
    if (stream) video.play().catch(() => undefined); // autoplay takes over when it is shown
  }, [stream]);
  const look = [mirrored && 'mirrored', hidden && 'covered'].filter(Boolean).join(' ');
  return <video ref={element} class={look} autoplay playsInline muted />;
}

function Voice({ stream, slot, page }: { stream: MediaStream; slot: number; page: Page }) {
  const element = useRef<HTMLAudioElement>(null);
  const silent = page.silent.value;
  useEffect(() => {
    const audio = element.current;
    if (!audio) return;
    if (audio.srcObject !== stream) audio.srcObject = stream;
    if (!silent) audio.play().catch((why: DOMException) => refused(why, page));
  }, [stream, silent, page]);
  // biome-ignore lint/a11y/useMediaCaption: live speech; nothing here transcribes it
  return <audio ref={element} data-slot={slot} autoplay />;
}

/** Only the browser's wish for a tap counts; a stream that was changed meanwhile does not. */
function refused(why: DOMException, page: Page) {
  if (why.name === 'NotAllowedError') page.verbs.soundBlocked(true);
}

/** Everybody's sound. One element a slot, so that a voice never moves from element to element. */
export function Voices({ page }: { page: Page }) {
  const slots = [...page.slots.value];
  return (
    <div hidden>
      {slots.map(([slot, { audio }]) => (
        <Voice key={slot} slot={slot} stream={audio} page={page} />
      ))}
    </div>
  );
}
