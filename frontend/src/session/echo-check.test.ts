import { describe, expect, it } from 'vitest';
import { FakePage } from './fakes';

describe('the echo of the device check', () => {
  it('begins with the microphone of the check, and shows what it says', async () => {
    const page = new FakePage();
    await page.session.check.open();
    page.session.echo.start();
    expect(page.echoCalls.filter((call) => call.startsWith('start'))).toEqual(['start audio']);
    expect(page.session.echo.view.value).toEqual({ at: 'listening' });
  });

  it('does not begin without a microphone', () => {
    const page = new FakePage();
    page.session.echo.start();
    expect(page.echoCalls).toEqual([]);
  });

  it('ends when the check is over', async () => {
    const page = new FakePage();
    await page.session.check.open();
    page.session.echo.start();
    page.session.connect();
    expect(page.echoCalls.at(-1)).toBe('close');
    expect(page.session.echo.view.value).toEqual({ at: 'idle' });
  });
});
