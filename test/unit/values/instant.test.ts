import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../errors/app-error.js';
import { formatInstant, parseInstant, ttlFromSeconds } from '../../../values/instant.js';

describe('an instant', () => {
  it.each([
    ['1970-01-01T00:00:00Z', 0n],
    ['1970-01-01T00:00:00.000001Z', 1n],
    ['1969-12-31T23:59:59.999999Z', -1n],
    ['2001-03-07T14:00:00Z', 983973600000000n],
    ['2001-03-07T15:00:00+01:00', 983973600000000n],
    ['2001-03-07T08:30:00-05:30', 983973600000000n],
    ['2001-03-07t14:00:00z', 983973600000000n],
    ['2001-03-07 14:00:00Z', 983973600000000n],
    ['2001-03-07T14:00:00.123456000Z', 983973600123456n],
    ['2001-03-07T14:00:00.1Z', 983973600100000n],
    ['2000-02-29T00:00:00Z', 951782400000000n],
    ['0001-01-01T00:00:00Z', -62135596800000000n],
    ['9999-12-31T23:59:59.999999Z', 253402300799999999n],
  ])('%s is %d microseconds', (text, micros) => expect(parseInstant(text)).toBe(micros));

  it.each([
    ['yesterday', /not an RFC 3339 instant/],
    ['2001-03-07', /not an RFC 3339 instant/],
    ['2001-03-07T14:00Z', /not an RFC 3339 instant/],
    ['', /not an RFC 3339 instant/],
    ['x'.repeat(100_000), /^"x{40}…"/],
    ['2001-03-07T14:00:00', /no time zone/],
    ['2001-03-07T14:00:00.0000001Z', /finer than a microsecond/],
    ['2001-03-07T14:00:00.123456789Z', /finer than a microsecond/],
    ['2001-02-29T00:00:00Z', /not a date and time that exists/],
    ['2001-13-01T00:00:00Z', /not a date and time that exists/],
    ['2001-00-10T00:00:00Z', /not a date and time that exists/],
    ['2001-03-07T24:00:00Z', /not a date and time that exists/],
    ['2001-03-07T14:60:00Z', /not a date and time that exists/],
    ['2001-03-07T14:00:00+24:00', /not a date and time that exists/],
    ['2001-06-30T23:59:60Z', /Leap seconds/],
    ['0000-12-31T23:59:59Z', /outside the years/],
    ['0001-01-01T00:00:00+01:00', /outside the years/],
  ])('%s is refused', (text, says) => {
    expect(() => parseInstant(text)).toThrow(says);
    expect(() => parseInstant(text)).toThrow(AppError);
  });

  it('written and read again is the same, to the microsecond', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -62135596800000000n, max: 253402300799999999n }), (instant) => {
        expect(parseInstant(formatInstant(instant))).toBe(instant);
      }),
    );
  });

  it('in the usual form is that of the same moment with an offset, or refused like it', () => {
    const part = (max: number, digits: number) =>
      fc.integer({ min: 0, max }).map((n) => String(n).padStart(digits, '0'));
    const noise = fc.constantFrom(
      '',
      '',
      '',
      '',
      '',
      '',
      '.',
      '.5',
      '.123456',
      '.1234567',
      '.12x',
      'x',
      ' ',
      '.000000000',
    );
    const text = fc
      .tuple(part(9999, 4), part(13, 2), part(32, 2), part(25, 2), part(61, 2), part(61, 2), noise)
      .map(
        ([year, month, day, hour, minute, second, rest]) =>
          `${year}-${month}-${day}T${hour}:${minute}:${second}${rest}`,
      );
    const read = (instant: string): bigint | string => {
      try {
        return parseInstant(instant);
      } catch (error) {
        return (error as Error).message.replaceAll('+00:00', 'Z');
      }
    };
    fc.assert(
      fc.property(text, (local) => {
        expect(read(`${local}Z`)).toBe(read(`${local}+00:00`));
      }),
      { numRuns: 2_000 },
    );
  });

  it('is written with as many digits as are known', () => {
    expect(formatInstant(983973600000000n)).toBe('2001-03-07T14:00:00Z');
    expect(formatInstant(983973600100000n)).toBe('2001-03-07T14:00:00.1Z');
    expect(formatInstant(983973600000001n)).toBe('2001-03-07T14:00:00.000001Z');
    expect(formatInstant(-62135596800000000n)).toBe('0001-01-01T00:00:00Z');
  });
});

describe('a ttl in seconds', () => {
  it.each([
    [null, null],
    [undefined, null],
    [0, null],
    [1, 1_000_000n],
    [0.5, 500_000n],
    [0.000001, 1n],
    [0.1 + 0.2, 300_000n],
    [86400, 86_400_000_000n],
  ])('%s is %s microseconds', (seconds, micros) => expect(ttlFromSeconds(seconds)).toBe(micros));

  it.each([-1, NaN, Infinity, 1e12, 0.0000001, 0.0000015])('%s is refused', (seconds) =>
    expect(() => ttlFromSeconds(seconds)).toThrow(AppError),
  );
});
