import { describe, expect, it } from 'vitest';
import { type Capabilities, supportOf } from './support';

const IOS = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15';
const ANDROID = 'Mozilla/5.0 (Linux; Android 15; Pixel 8';
const CHROME = 'AppleWebKit/537.36 (KHTML, like Gecko)';

const AGENTS = {
  safari: `${IOS} (KHTML, like Gecko) Version/18.7 Mobile/15E148 Safari/604.1`,
  'chrome on an iPhone': `${IOS} (KHTML, like Gecko) CriOS/141.0.0.0 Mobile/15E148 Safari/604.1`,
  'chrome on Android': `${ANDROID}) ${CHROME} Chrome/141.0.0.0 Mobile Safari/537.36`,
  'firefox on Android': 'Mozilla/5.0 (Android 15; Mobile; rv:143.0) Gecko/143.0 Firefox/143.0',
  'chrome on a laptop': `Mozilla/5.0 (X11; Linux x86_64) ${CHROME} Chrome/141.0.0.0 Safari/537.36`,
  'safari on an iPad':
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.7 Safari/605.1.15',
  'chrome on an iPad':
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/141 Version/18.7 Safari/605.1.15',
  'gmail on an iPhone': `${IOS} (KHTML, like Gecko) Mobile/15E148`,
  'outlook on an iPhone': `${IOS} (KHTML, like Gecko) Mobile/15E148 Outlook-iOS/2.0`,
  'facebook on an iPhone': `${IOS} (KHTML, like Gecko) Mobile/15E148 [FBAN/FBIOS;FBAV/530.0.0]`,
  'instagram on an iPhone': `${IOS} (KHTML, like Gecko) Mobile/15E148 Instagram 401.0.0.0`,
  'facebook on Android': `${ANDROID}; wv) ${CHROME} Version/4.0 Chrome/141.0.0.0 Mobile Safari/537.36 [FB_IAB/FB4A;FBAV/530.0.0]`,
  'a mail app on Android': `${ANDROID}; wv) ${CHROME} Version/4.0 Chrome/141.0.0.0 Mobile Safari/537.36`,
} as const;

function browser(agent: keyof typeof AGENTS, change: Partial<Capabilities> = {}): Capabilities {
  const touchPoints = /laptop/u.test(agent) ? 0 : 5;
  return {
    ...{ webrtc: true, capture: true, secure: true, userAgent: AGENTS[agent], touchPoints },
    ...change,
  };
}

describe('a browser that can capture', () => {
  it.each([
    ['safari', null],
    ['chrome on an iPhone', null],
    ['chrome on Android', null],
    ['firefox on Android', null],
    ['chrome on a laptop', null],
    ['safari on an iPad', null],
    ['gmail on an iPhone', 'Safari'],
    ['outlook on an iPhone', 'Safari'],
    ['facebook on an iPhone', 'Safari'],
    ['instagram on an iPhone', 'Safari'],
    ['facebook on Android', 'Chrome'],
    ['a mail app on Android', 'Chrome'],
  ] as const)('%s: the room opens, and %s is named', (agent, openIn) => {
    expect(supportOf(browser(agent))).toEqual({ can: true, openIn });
  });
});

describe('a browser that cannot capture', () => {
  it.each([
    ['gmail on an iPhone', 'Safari'],
    ['safari', null],
    ['chrome on an iPhone', 'Safari'],
    ['safari on an iPad', null],
    ['chrome on Android', null],
    ['chrome on an iPad', 'Safari'],
    ['a mail app on Android', 'Chrome'],
    ['firefox on Android', 'Chrome'],
    ['chrome on a laptop', null],
  ] as const)('%s: the room opens in %s', (agent, openIn) => {
    const expected = { can: false, openIn };
    expect(supportOf(browser(agent, { capture: false }))).toEqual(expected);
    expect(supportOf(browser(agent, { webrtc: false }))).toEqual(expected);
  });

  it('opens the room all the same where it is the missing https that hides the devices', () => {
    const plain = browser('safari', { capture: false, secure: false });
    expect(supportOf(plain)).toEqual({ can: true, openIn: null });
  });
});
