import { describe, expect, it } from 'vitest';
import { createCron, parseSchedule } from '../../../../datasources/registry/schedule.js';

describe('a schedule', () => {
  it.each([
    ['0 3 * * *', '0 3 * * *', 'UTC'],
    [' */5 * * * MON-FRI ', '*/5 * * * MON-FRI', 'UTC'],
    ['CRON_TZ=America/New_York 1 * * * *', '1 * * * *', 'America/New_York'],
    ['TZ=Europe/Zurich  30 2 1 1 *', '30 2 1 1 *', 'Europe/Zurich'],
  ])('%j is five fields and a time zone', (text, pattern, timeZone) => {
    expect(parseSchedule(text)).toEqual({ pattern, timeZone });
  });

  it.each([
    ['', 'five fields'],
    ['@daily', 'five fields'],
    ['0 0 3 * * *', 'five fields'],
    ['2026-11-24T12:00:00', 'five fields'],
    ['CRON_TZ=Europe/Zurich', 'five fields'],
    ['61 * * * *', /^Invalid value for minute: 61$/],
    ['0 3 * * FOO', /^configuration entry 5 \(FOO\)/],
    ['CRON_TZ=Mars/Olympus 0 3 * * *', 'there is no time zone "Mars/Olympus"'],
    ['0 0 30 2 *', 'its time never comes'],
  ])('%j is none', (text, why) => {
    expect(() => parseSchedule(text)).toThrow(why);
  });

  it('keeps to the clocks of its time zone, also when they are put forward', () => {
    const nextOf = (text: string, from: string) =>
      createCron(parseSchedule(text), { paused: true }).nextRun(new Date(from))?.toISOString();
    expect(nextOf('0 3 * * *', '2026-01-01T12:00:00Z')).toBe('2026-01-02T03:00:00.000Z');
    expect(nextOf('TZ=Europe/Zurich 0 3 * * *', '2026-01-01T12:00:00Z')).toBe('2026-01-02T02:00:00.000Z');
    expect(nextOf('TZ=Europe/Zurich 0 3 * * *', '2026-07-01T12:00:00Z')).toBe('2026-07-02T01:00:00.000Z');
  });
});
