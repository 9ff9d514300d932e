import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  hasLongNumber,
  isRoundedToWhole,
  parseKeepingNumbers,
  parseLosslessJson,
} from '../../../values/lossless-json.js';
import { parseClientValue } from '../../../values/parse-client-value.js';

describe('JSON without a loss', () => {
  it.each([
    ['9007199254740991', 9007199254740991],
    ['9007199254740993', '9007199254740993'],
    ['9007199254740991.4', '9007199254740991.4'],
    ['-4503599627370497.25', '-4503599627370497.25'],
    ['90071992547409914e-1', '90071992547409914e-1'],
    ['9.0071992547409914e15', '9.0071992547409914e15'],
    ['9007199254740991.0', 9007199254740991],
    ['4503599627370495.5', 4503599627370495.5],
    ['0.1234567890123456', 0.1234567890123456],
    ['1.7976931348623157e308', 1.7976931348623157e308],
    ['0e999999999999', 0],
    ['0.99999999999999999999', '0.99999999999999999999'],
    ['-123.000000000000001', '-123.000000000000001'],
    ['999999999999999.95', '999999999999999.95'],
    ['99.9999999999999999e0', '99.9999999999999999e0'],
    ['1e-400', '1e-400'],
    ['0.000', 0],
  ])('has each number, or its text: %s', (text, value) => {
    expect(parseLosslessJson(`[${text}]`)).toEqual([value]);
  });

  it('gives no INT64 that is another number', () => {
    const long = fc.tuple(fc.bigInt({ min: 10n ** 14n, max: 2n ** 55n }), fc.stringMatching(/^\d{1,6}$/));
    fc.assert(
      fc.property(long, ([whole, fraction]) => {
        const value = parseClientValue('INT64', parseLosslessJson(`${whole}.${fraction}`));
        const isWhole = /^0+$/.test(fraction);
        // A whole number may be refused as one that has lost digits, but never become another one.
        expect(value === undefined || (isWhole && value === whole)).toBe(true);
        if (isWhole && whole <= Number.MAX_SAFE_INTEGER) expect(value).toBe(whole);
      }),
    );
  });

  it('looks at each number that may be rounded to a whole one', () => {
    const digits = fc.stringMatching(/^(?:[09]{0,20}\d{1,4}|\d{1,20})$/);
    fc.assert(
      fc.property(
        fc.nat({ max: 1e15 }),
        digits,
        fc.constantFrom('', 'e0', 'e-1', 'E+2', 'e-330'),
        (whole, decimals, e) => {
          const text = `${whole}.${decimals}${e}`;
          expect(hasLongNumber(`[${text}]`) || !isRoundedToWhole(text, Number(text))).toBe(true);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('takes no time for a number with a huge exponent', () => {
    expect(isRoundedToWhole('1e-999999999', 0)).toBe(true);
    expect(isRoundedToWhole('0e-999999999', 0)).toBe(false);
    expect(isRoundedToWhole('1e999999999', Infinity)).toBe(false);
  });

  it('writes numbers as they were, when they are kept', () => {
    const text = '{"a":1E5,"b":[1.50,-0,12345678901234567890.10],"c":"1E5"}';
    expect(JSON.stringify(parseKeepingNumbers(text))).toBe(text);
  });
});
