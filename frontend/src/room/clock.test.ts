import { describe, expect, it } from 'vitest';
import { asNamedTime, asNamedTimes, asTime, clocksOf } from './clock';

const NEW_YORK = 'America/New_York';
const SIX = Date.UTC(2026, 10, 30, 23);
const HALF_PAST_SEVEN = SIX + 90 * 60_000;
const from = (own: string, planned = NEW_YORK) => ({ own, planned });

describe('a time in the room', () => {
  it('is the clock alone where reader and group are in one zone', () => {
    expect(asNamedTime(SIX, from(NEW_YORK))).toBe('6:00\u00a0PM');
  });

  it('names the reader’s zone and has the group’s beside it where they differ', () => {
    expect(asNamedTime(SIX, from('America/Los_Angeles'))).toBe(
      '3:00\u00a0PM Los Angeles time (6:00\u00a0PM New York time)',
    );
    expect(asNamedTimes(SIX, HALF_PAST_SEVEN, from('America/Los_Angeles'))).toBe(
      '3:00\u00a0PM – 4:30\u00a0PM Los Angeles time (6:00\u00a0PM – 7:30\u00a0PM New York time)',
    );
    expect(asTime(SIX, from('America/Los_Angeles'))).toBe('3:00\u00a0PM');
  });

  it('names no zone that shows the same clock', () => {
    expect(asNamedTime(SIX, from('America/Toronto'))).toBe('6:00\u00a0PM');
  });

  it('differs only on the days between two changes of the clocks', () => {
    const march = Date.UTC(2027, 2, 16, 22); // New York has changed, Berlin has not
    expect(asNamedTime(march, from('Europe/Berlin'))).toContain('11:00\u00a0PM Berlin time (6:00');
  });
});

describe('the zones of a reader', () => {
  it('are the setting before the device', () => {
    expect(clocksOf('Asia/Tokyo', NEW_YORK)).toEqual(from('Asia/Tokyo'));
  });

  it('are the device’s for a setting that this browser does not know', () => {
    const device = new Intl.DateTimeFormat().resolvedOptions().timeZone;
    expect(clocksOf('Mars/Olympus', NEW_YORK).own).toBe(device);
    expect(clocksOf('', 'Mars/Olympus').planned).toBe(device);
  });
});
