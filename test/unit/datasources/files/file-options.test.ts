import { describe, expect, it } from 'vitest';
import { findOptionFaults } from '../../../../datasources/files/file-options.js';

function faultOf(option: 'dateFormat' | 'timestampFormat', format: string): string | undefined {
  const [fault, ...others] = findOptionFaults({ [option]: format, timeZone: 'UTC' }, 'CSV');
  expect(others).toEqual([]);
  return fault?.message;
}

describe('a format of times', () => {
  it.each(['%d/%m/%Y %H:%M', '%m/%d/%y %I:%M %p', '%-d %b %Y %-Hh', '%Y %j %T', '%Y%m%d%H%M%S.%f%z'])(
    'says a moment: %s',
    (format) => expect(faultOf('timestampFormat', format)).toBeUndefined(),
  );

  it.each([
    ['%d/%m %H:%M', 'no year'],
    ['%Y-%m %H:%M', 'no day and month'],
    ['%H:%M', 'no year'],
    ['%d/%m/%Y', 'no hour'],
    ['%d/%m/%Y %I:%M', 'morning or evening'],
    ['%d/%m/%Y %H:%M %-', 'letters of strptime'],
    ['%s', 'letters of strptime'],
    ['%d/%m/%Y %j %H:%M', 'the month twice'],
    ['%d %b %m %Y %H:%M', 'the month twice'],
    ['%d/%m/%Y %y %H:%M', 'the year twice'],
    ['%d/%m/%Y %d %H:%M', 'the day twice'],
    ['%a %A %d/%m/%Y %H:%M', 'the day of the week twice'],
    ['%d/%m/%Y %H:%M %I', 'the hour twice'],
    ['%d/%m/%Y %T %M', 'the minute twice'],
    ['%d/%m/%Y %H:%M %p', '%p, which goes with %I'],
  ])('that leaves something open is refused: %s', (format, message) => {
    expect(faultOf('timestampFormat', format)).toContain(message);
  });
});

describe('a format of dates', () => {
  it.each(['%d.%m.%Y', '%B %d, %Y', '%Y-%j', '%y%m%d', '%-d/%-m/%Y'])('says a day: %s', (format) =>
    expect(faultOf('dateFormat', format)).toBeUndefined(),
  );

  it.each([
    ['%Y', 'no day and month'],
    ['%d/%m', 'no year'],
    ['%d/%m/%Y %H:%M', 'no time of the day'],
  ])('that leaves something open, or would cut something, is refused: %s', (format, message) => {
    expect(faultOf('dateFormat', format)).toContain(message);
  });
});
