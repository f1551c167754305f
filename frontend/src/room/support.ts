// Whether this browser can take part, and where a person is sent who cannot. Pure: what the browser
// can do decides; its user agent only names the browser that can. Knows no DOM.

/** What the browser says of itself. */
export interface Capabilities {
  readonly webrtc: boolean;
  /** It has `getUserMedia`. Every browser hides that from a page that is not on https. */
  readonly capture: boolean;
  readonly secure: boolean;
  readonly userAgent: string;
  /** `navigator.maxTouchPoints`: an iPad calls itself a Mac. */
  readonly touchPoints: number;
}

/** The browser that every phone of that make has. */
export type OpenIn = 'Safari' | 'Chrome';

export interface Support {
  /** The room opens here. */
  readonly can: boolean;
  /** Named where this browser cannot capture, or where an app shows the page in a browser of its
   * own, which may refuse a camera without asking. */
  readonly openIn: OpenIn | null;
}

export function supportOf(browser: Capabilities): Support {
  const phone = isThatBrowser(browser.userAgent) ? null : phoneBrowser(browser);
  const hidden = !browser.capture && browser.secure;
  if (!browser.webrtc || hidden) return { can: false, openIn: phone };
  return { can: true, openIn: isBuiltIn(browser.userAgent) ? phone : null };
}

function phoneBrowser({ userAgent, touchPoints }: Capabilities): OpenIn | null {
  if (/iPhone|iPad|iPod/u.test(userAgent)) return 'Safari';
  if (/Macintosh/u.test(userAgent) && touchPoints > 1) return 'Safari';
  return /Android/u.test(userAgent) ? 'Chrome' : null;
}

/** Safari or Chrome itself: there is no sense in sending anybody there. */
function isThatBrowser(userAgent: string): boolean {
  const safari =
    !/CriOS|FxiOS|EdgiOS/u.test(userAgent) &&
    /Version\/[\d.]+ (?:Mobile\/\w+ )?Safari\//u.test(userAgent);
  const chrome =
    /Android/u.test(userAgent) && /Chrome\/[\d.]+ Mobile Safari\/[\d.]+$/u.test(userAgent);
  return (safari || chrome) && !isBuiltIn(userAgent);
}

/** Names that apps put into the user agent of the browser they have inside. */
const APPS =
  /FBAN|FBAV|FB_IAB|Instagram|Outlook-(?:iOS|Android)|LinkedInApp|Twitter for|Snapchat|\bLine\/|MicroMessenger|musical_ly|BytedanceWebview|GSA\/|YahooMobile/u;

/** An app's own browser: by its name, by Android's sign of a WebView, or, on iOS, by what only
 * Safari and the browsers beside it carry. */
function isBuiltIn(userAgent: string): boolean {
  if (APPS.test(userAgent) || /; wv\)/u.test(userAgent)) return true;
  return /iPhone|iPad|iPod/u.test(userAgent) && !/Safari\//u.test(userAgent);
}
