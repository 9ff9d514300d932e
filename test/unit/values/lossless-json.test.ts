import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  hasLongNumber,
  isRoundedToWhole,
  parseExactJson,
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

  it.each([
    ['0.1', 0.1],
    ['0.10000000000000001', 0.1],
    ['1.50', 1.5],
    ['1E5', 1e5],
    ['0.30000000000000004', 0.30000000000000004],
    ['1.2345678901234566e-07', 1.2345678901234566e-7],
    ['0.1234567890123456789', '0.1234567890123456789'],
    ['0.1000000000000000055511151231257827', 0.1],
    ['0.1000000000000000055511151231257827021181583404541015625', 0.1],
    ['0.1000000000000000055511151231257828', '0.1000000000000000055511151231257828'],
    ['0.30000000000000004440892098500626161694526672363281250', 0.30000000000000004],
    ['4.9406564584124654e-324', 5e-324],
    ['4.94065645841246544176568792868e-324', 5e-324],
    ['0.12345678901234567', '0.12345678901234567'],
    ['12345678901234.567', '12345678901234.567'],
    ['12345678901234567890.12', '12345678901234567890.12'],
    ['9007199254740993', '9007199254740993'],
    ['9007199254740993.0', '9007199254740993.0'],
    ['1e400', '1e400'],
    ['-1e-400', '-1e-400'],
    ['0e-400', 0],
    ['0.00000000000000000000', 0],
    ['5e-324', 5e-324],
  ])('has each number of no declared type if a double holds it, or its text: %s', (text, value) => {
    expect(parseExactJson(`{"a":[${text}]}`)).toEqual({ a: [value] });
  });

  it('keeps each double, as its shortest text and as one of 17 and more of its digits', () => {
    const doubles = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
    fc.assert(
      fc.property(doubles, (value) => {
        const isWhole = Number.isInteger(value) && !Number.isSafeInteger(value);
        if (!isWhole) expect(parseExactJson(JSON.stringify([value]))).toEqual([value === 0 ? 0 : value]);
        for (const digits of isWhole ? [] : [17, 20, 50, 100]) {
          expect(parseExactJson(`[${value.toPrecision(digits)}]`)).toEqual([value === 0 ? 0 : value]);
        }
      }),
      { numRuns: 2000 },
    );
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
