/**
 * What a phone call, Siri, the lock screen or another app leaves of one's own devices, and when
 * they are opened again without a tap. Pure: happening after happening, what is interrupted and
 * what is to be opened now. Knows no track and no page.
 *
 * A system that takes a device away mutes its track. When it gives the device back the flags may
 * lie: the track is live and unmuted, and captures nothing (WebKit). So an interruption is
 * remembered, and a fresh track is opened at the native `unmute`, or when the person is back in
 * front of the page, whichever comes first. A hidden page opens nothing: a phone would refuse.
 *
 * A device that is pulled out while the person looks on is no interruption: nobody is heard
 * through another one without a tap.
 */

export type Kind = 'audio' | 'video';

export interface Interruption {
  readonly audio: boolean;
  readonly video: boolean;
  readonly hidden: boolean;
}

export type Happening =
  | { readonly what: 'muted' | 'unmuted' | 'ended'; readonly kind: Kind }
  /** A device was opened, or closed for good by its owner. */
  | { readonly what: 'settled'; readonly kind: Kind; readonly interrupted: boolean }
  | { readonly what: 'hidden' | 'shown' }
  /** Some time has passed after a device that is interrupted did not open. */
  | { readonly what: 'waited' };

export const UNDISTURBED: Interruption = { audio: false, video: false, hidden: false };

/** After a device did not open because something else has it still. */
export const AGAIN_MS = 1500;

/** What is so after it, and which devices to open now. */
export function after(
  was: Interruption,
  happening: Happening,
): { is: Interruption; open: readonly Kind[] } {
  const is = changed(was, happening);
  return { is, open: is.hidden ? [] : opened(is, happening) };
}

function changed(was: Interruption, happening: Happening): Interruption {
  switch (happening.what) {
    case 'muted':
      return { ...was, [happening.kind]: true };
    case 'ended':
      return { ...was, [happening.kind]: was[happening.kind] || was.hidden };
    case 'settled':
      return { ...was, [happening.kind]: happening.interrupted };
    case 'hidden':
    case 'shown':
      return { ...was, hidden: happening.what === 'hidden' };
    default:
      return was;
  }
}

function opened(is: Interruption, happening: Happening): readonly Kind[] {
  if (happening.what === 'unmuted') return is[happening.kind] ? [happening.kind] : [];
  if (happening.what !== 'shown' && happening.what !== 'waited') return [];
  return (['audio', 'video'] as const).filter((kind) => is[kind]);
}
