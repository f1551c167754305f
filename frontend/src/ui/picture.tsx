// Moving pictures and sound of the browser's streams. Owns the elements, never the tracks.
import { useCallback, useEffect, useRef } from 'preact/hooks';
import type { Page } from './page';

interface PictureProps {
  readonly stream: MediaStream | null;
  readonly mirrored?: boolean;
  readonly hidden?: boolean;
}

/** Plays again what the system has paused (a phone call, another app), once the page is back. */
function useGoesOn(element: { current: HTMLMediaElement | null }, play: () => void) {
  useEffect(() => {
    const again = () => {
      const media = element.current;
      if (isInFront() && media?.srcObject && media.paused) play();
    };
    const back: readonly [EventTarget, string][] = [
      [document, 'visibilitychange'],
      [window, 'pageshow'],
      [window, 'focus'],
    ];
    for (const [target, event] of back) target.addEventListener(event, again);
    return () => {
      for (const [target, event] of back) target.removeEventListener(event, again);
    };
  }, [element, play]);
}

function isInFront(): boolean {
  return document.visibilityState === 'visible';
}

/** Plays where the person has chosen. Where that fails it goes on as the device is set. */
export function useOutput(element: { current: HTMLMediaElement | null }, page: Page) {
  const id = page.state.value.own.outputId;
  useEffect(() => {
    const media = element.current;
    if (!media?.setSinkId || media.sinkId === id) return;
    media.setSinkId(id).catch(() => {
      if (page.state.peek().own.outputId === id) page.verbs.outputFailed();
    });
  }, [element, id, page]);
}

/** A picture without sound. Hidden it stays in the page, so that its frames are still counted. */
export function Picture({ stream, mirrored, hidden }: PictureProps) {
  const element = useRef<HTMLVideoElement>(null);
  // Autoplay takes over when it is shown.
  const play = useCallback(() => void element.current?.play().catch(() => undefined), []);
  useGoesOn(element, play);
  useEffect(() => {
    const video = element.current;
    if (!video || video.srcObject === stream) return;
    video.srcObject = stream;
    if (stream) play();
  }, [stream, play]);
  const look = [mirrored && 'mirrored', hidden && 'covered'].filter(Boolean).join(' ');
  return <video ref={element} class={look} autoplay playsInline muted />;
}

function Voice({ stream, slot, page }: { stream: MediaStream; slot: number; page: Page }) {
  const element = useRef<HTMLAudioElement>(null);
  const silent = page.silent.value;
  const play = useCallback(
    () => void element.current?.play().catch((why: DOMException) => refused(why, page)),
    [page],
  );
  useGoesOn(element, play);
  useOutput(element, page);
  useEffect(() => {
    const audio = element.current;
    if (!audio) return;
    if (audio.srcObject !== stream) audio.srcObject = stream;
    if (!silent) play();
  }, [stream, silent, play]);
  // Paused under the eyes of the person: a tap brings it back. Behind another app: see `useGoesOn`.
  const paused = () => {
    if (isInFront() && element.current?.isConnected) page.verbs.soundBlocked(true);
  };
  const plays = () => {
    if (page.silent.peek()) page.verbs.soundBlocked(false);
  };
  // biome-ignore lint/a11y/useMediaCaption: live speech; nothing here transcribes it
  return <audio ref={element} data-slot={slot} autoplay onPause={paused} onPlay={plays} />;
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
