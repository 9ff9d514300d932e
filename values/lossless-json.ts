/**
 * Numbers that JSON.parse may round to another whole number: 16 digits and more before the point, or in all before an
 * exponent; or 15 digits up to the end of a run of 0 or 9 after the point, or a large negative exponent. Long fractions of
 * models do not match.
 */
const LONG_NUMBER =
  /(?<![\d.])\d{16}|[eE](?<=(?<![\d.])[\d.]{16,}[eE])|\.(?:0+|9+)(?<=(?<![\d.])[\d.]{16,})|\d[eE]-\d{3}/;

/**
 * JSON.parse without loss of digits in whole numbers: a number beyond 2^53 becomes its text, as clients read an INT64,
 * or the result of `keep` for that text. A number with a fraction that JavaScript rounds to a whole one, such as
 * 9007199254740991.4, becomes its text too: it is no whole number.
 */
export function parseLosslessJson(text: string, keep: (digits: string) => unknown = (digits) => digits): unknown {
  // Reading each number takes several times as long, and few lines need it.
  if (!hasLongNumber(text)) return JSON.parse(text);
  // The third argument is from 2023; TypeScript's types lack it.
  const reviver = (_key: string, value: unknown, context?: { readonly source?: string }): unknown => {
    const digits = context?.source;
    if (typeof value !== 'number' || digits === undefined) return value;
    return keepWhole(digits, value, keep, (rounded) => rounded);
  };
  return JSON.parse(text, reviver);
}

/** Numbers that a double may not hold exactly: 16 digits and more, or a large exponent. */
const LONG_OR_EXTREME = /(?<![\d.])[\d.]{16,}|\d[eE][+-]?\d{3}/;

/**
 * JSON.parse without loss of any digit, for JSON whose numbers have no declared type (the fields of a STRUCT): a number
 * that a double does not hold becomes its text, as an integer beyond 2^53 does.
 */
export function parseExactJson(text: string): unknown {
  if (!LONG_OR_EXTREME.test(text)) return JSON.parse(text);
  const reviver = (_key: string, value: unknown, context?: { readonly source?: string }): unknown => {
    const digits = context?.source;
    if (typeof value !== 'number' || digits === undefined) return value;
    if (/^-?\d+$/.test(digits)) return Number.isSafeInteger(value) ? value : digits;
    return isHeldByDouble(digits, value) ? value : digits;
  };
  return JSON.parse(text, reviver);
}

/**
 * Whether a number of JSON with a fraction or an exponent means its double. Programs write a double as its shortest text
 * or with the 17 digits that identify it: 0.1 and 0.10000000000000001 are one double.
 */
function isHeldByDouble(digits: string, value: number): boolean {
  if (!Number.isFinite(value)) return false;
  const written = significantDigits(digits);
  return written === significantDigits(String(value)) || written === significantDigits(value.toPrecision(17));
}

/**
 * A number of JSON: `value` as JSON.parse read its `digits`, or the result of `keep` for a whole number beyond 2^53, and
 * of `keepFraction` for a fraction that became a whole number.
 */
export function keepWhole(
  digits: string,
  value: number,
  keep: (digits: string) => unknown,
  keepFraction: (digits: string) => unknown,
): unknown {
  if (!/^-?\d+$/.test(digits)) return isRoundedToWhole(digits, value) ? keepFraction(digits) : value;
  return Number.isSafeInteger(value) ? value : keep(digits);
}

/**
 * Whether a number of JSON, with a fraction, is a whole number as a JavaScript number. Beyond 2^53 no reader takes a
 * JavaScript number for a whole number.
 */
export function isRoundedToWhole(digits: string, value: number): boolean {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(digits) ?? [];
  const decimals = fraction.length - Number(exponent);
  if (!Number.isSafeInteger(value) || decimals <= 0) return false;
  const unscaled = BigInt(`${sign}${whole}${fraction}`);
  // Below one; the power could be too large to compute.
  if (decimals >= whole.length + fraction.length) return unscaled !== 0n;
  return BigInt(value) * 10n ** BigInt(decimals) !== unscaled;
}

/**
 * Whether a number of JSON beyond 2^53, with a fraction or an exponent, has other digits than the JavaScript number that it
 * becomes: 12345678901234567.25 becomes 12345678901234568. 1.5e300 has the same digits.
 */
export function isRoundedBeyondSafe(digits: string, value: number): boolean {
  if (!Number.isInteger(value) || Number.isSafeInteger(value)) return false;
  return significantDigits(digits) !== significantDigits(String(value));
}

/** The digits without zeros around them, and their exponent: one text for each decimal number. */
function significantDigits(number: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(number) ?? [];
  const digits = whole + fraction;
  let end = digits.length;
  // A pattern would look at each run of zeros from each of its places.
  while (digits[end - 1] === '0') end -= 1;
  let start = 0;
  while (start < end && digits[start] === '0') start += 1;
  if (start === end) return '0';
  return `${sign}${digits.slice(start, end)}e${Number(exponent) - fraction.length + digits.length - end}`;
}

/** Whether a text may have a number that JSON.parse would round to another whole number; the digits may be in a string. */
export function hasLongNumber(text: string): boolean {
  return LONG_NUMBER.test(text);
}

/** Like parseLosslessJson, for values that are written as JSON again with every digit. */
export function parseToRewrite(text: string): unknown {
  return parseLosslessJson(text, (digits) => rawJson(digits));
}

/** JSON.parse, of which JSON.stringify writes each number as it was: 1E5, and 1.50. */
export function parseKeepingNumbers(text: string): unknown {
  const reviver = (_key: string, value: unknown, context?: { readonly source?: string }): unknown =>
    typeof value === 'number' && context?.source !== undefined ? rawJson(context.source) : value;
  return JSON.parse(text, reviver);
}

/** A value that JSON.stringify writes unchanged. It is from 2023 too; Node supports it from version 21. */
const { rawJSON: rawJson = Number } = JSON as unknown as { readonly rawJSON?: (text: string) => unknown };
