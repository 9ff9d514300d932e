/**
 * JSON.parse without loss of digits in whole numbers: a number beyond 2^53 becomes its text, as clients read an INT64,
 * or the result of `keep` for that text. A number with a fraction or an exponent that JavaScript rounds to another whole
 * one, such as 9007199254740991.4 and 9007199254740993e1, becomes its text too.
 */
export function parseLosslessJson(text: string, keep: (digits: string) => unknown = (digits) => digits): unknown {
  // Reading each number takes several times as long, and few lines need it.
  if (!hasLongNumber(text)) return JSON.parse(text);
  // The third argument is from 2023; TypeScript's types lack it.
  const reviver = (_key: string, value: unknown, context?: { readonly source?: string }): unknown => {
    const digits = context?.source;
    if (typeof value !== 'number' || digits === undefined) return value;
    if (/^-?\d+$/.test(digits)) return Number.isSafeInteger(value) ? value : keep(digits);
    return isRounded(digits, value) ? digits : value;
  };
  return JSON.parse(text, reviver);
}

/** Numbers that a double may not hold exactly: 16 digits and more, or a large exponent. Those of 10^15 to 10^21 are long. */
const LONG_OR_EXTREME = /(?<![\d.])[\d.]{16,}|\d[eE][+-]?\d{3}|\d[eE]\+?(?:1\d|20)(?!\d)/;

/**
 * JSON.parse without loss of any digit, for JSON whose numbers have no declared type (the fields of a STRUCT): a number
 * that a double does not hold becomes its text, as an integer beyond 2^53 does.
 */
export function parseExactJson(text: string): unknown {
  return parseWithFractions(
    text,
    (digits) => digits,
    (digits) => digits,
    exactStructNumber,
  );
}

/**
 * A double as a field of a STRUCT. JSON writes 1e18 as 1000000000000000000, which is an integer beyond 2^53 for the next
 * reader: such a number is the text of its digits. From 10^21 on JSON writes exponents.
 */
export function exactStructNumber(value: number): number | string {
  const isLong = Number.isInteger(value) && !Number.isSafeInteger(value) && Math.abs(value) < 1e21;
  return isLong ? BigInt(value).toString() : value;
}

/**
 * A number of JSON, with a fraction or an exponent, that is the text of no double: 0.1234567890123456789. What it becomes
 * depends on the declared type: a DOUBLE is the nearest double, and a field of a STRUCT has the digits.
 */
export class LongFraction {
  constructor(
    readonly digits: string,
    readonly value: number,
  ) {}

  /** The nearest double; undefined for a number that would become another whole number, zero or infinite. */
  get nearest(): number | undefined {
    const { digits, value } = this;
    return Number.isFinite(value) && !isRounded(digits, value) ? value : undefined;
  }

  /** For messages that show the number. */
  toJSON(): number {
    return this.value;
  }
}

/** The value of a number with a fraction or an exponent, as a LongFraction if it is the text of no double. */
export function readFraction(digits: string): number | LongFraction {
  const value = Number(digits);
  return isHeldByDouble(digits, value) ? value : new LongFraction(digits, value);
}

/**
 * JSON.parse without loss of any digit: a whole number beyond 2^53 becomes a bigint, and a fraction that is the text of no
 * double a LongFraction.
 */
export function parseLongFractions(text: string): unknown {
  // A number beyond all doubles stays Infinity, which callers refuse.
  return parseWithFractions(text, BigInt, (digits, value) =>
    Number.isFinite(value) ? new LongFraction(digits, value) : value,
  );
}

function parseWithFractions(
  text: string,
  onWhole: (digits: string) => unknown,
  onFraction: (digits: string, value: number) => unknown,
  onHeld: (value: number) => unknown = (value) => value,
): unknown {
  if (!LONG_OR_EXTREME.test(text)) return JSON.parse(text);
  const reviver = (_key: string, value: unknown, context?: { readonly source?: string }): unknown => {
    const digits = context?.source;
    if (typeof value !== 'number' || digits === undefined) return value;
    if (/^-?\d+$/.test(digits)) return Number.isSafeInteger(value) ? value : onWhole(digits);
    return isHeldByDouble(digits, value) ? onHeld(value) : onFraction(digits, value);
  };
  return JSON.parse(text, reviver);
}

/** The most digits of toPrecision. */
const MAX_PRECISION = 100;

/**
 * Whether a number of JSON with a fraction or an exponent means its double. Programs write a double as its shortest text,
 * with the 17 digits that identify it, or with more of its digits: 0.1, 0.10000000000000001 and 0.10000000000000000555 are
 * one double.
 */
function isHeldByDouble(digits: string, value: number): boolean {
  if (!Number.isFinite(value)) return false;
  const written = significantDigits(digits);
  if (written === significantDigits(String(value))) return true;
  if (written === '0' || value === 0) return false;
  const count = written.lastIndexOf('e') - (written.startsWith('-') ? 1 : 0);
  // Fewer digits than 17 do not tell a double from its neighbours.
  if (count < 16) return written === significantDigits(value.toPrecision(17));
  if (count <= MAX_PRECISION) return written === significantDigits(value.toPrecision(count));
  return written === significantDigits(allDigits(value));
}

/** All digits of a double: a whole number times a power of two, and of ten. */
function allDigits(value: number): string {
  let scaled = value;
  let shifts = 0;
  // Doubling changes no digit of a double, also of the smallest.
  while (!Number.isInteger(scaled)) {
    scaled *= 2;
    shifts += 1;
  }
  return `${BigInt(scaled) * 5n ** BigInt(shifts)}e-${shifts}`;
}

/** Whether a number of JSON, with a fraction or an exponent, becomes another whole number as a JavaScript number. */
function isRounded(digits: string, value: number): boolean {
  return isRoundedToWhole(digits, value) || (isRoundedBeyondSafe(digits, value) && !isHeldByDouble(digits, value));
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
function isRoundedBeyondSafe(digits: string, value: number): boolean {
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

/**
 * Whether a text may have a number that JSON.parse would round to another whole number; the digits may be in a string. Such a
 * number has 16 digits and more before the point, or in all before an exponent; or 15 digits up to the end of a run of 0 or 9
 * after the point; or a large negative exponent. Long fractions of models are no such numbers.
 */
export function hasLongNumber(text: string): boolean {
  // Most texts have no minus at all.
  return hasLongRun(text, mayBeRounded) || (text.includes('-') && LARGE_NEGATIVE_EXPONENT.test(text));
}

/**
 * Whether a text may have a number that no double holds: also the long fractions that hasLongNumber passes over. The
 * shortest text of a double, which programs write, is none.
 */
export function hasInexactNumber(text: string): boolean {
  return hasLongRun(text, mayBeInexact) || (text.includes('-') && LARGE_NEGATIVE_EXPONENT.test(text));
}

/** Begins with what texts seldom have: the search for it is quick. */
const LARGE_NEGATIVE_EXPONENT = /-(?<=\d[eE]-)\d{3}/;

const LONG_RUN = 16;
const POINT = 0x2e;
const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;
const UPPER_E = 0x45;
const LOWER_E = 0x65;

/**
 * Looks at each 16th character: every run of so many digits and points has one of them. A regular expression looks at all,
 * which was a fifth of the time of reading a request.
 */
function hasLongRun(text: string, isFound: (text: string, start: number, end: number) => boolean): boolean {
  for (let probe = LONG_RUN - 1; probe < text.length; probe += LONG_RUN) {
    if (!isDigitOrPoint(text.charCodeAt(probe))) continue;
    let start = probe;
    while (start > 0 && isDigitOrPoint(text.charCodeAt(start - 1))) start -= 1;
    let end = probe + 1;
    while (end < text.length && isDigitOrPoint(text.charCodeAt(end))) end += 1;
    if (end - start >= LONG_RUN && isFound(text, start, end)) return true;
    while (probe + LONG_RUN < end) probe += LONG_RUN;
  }
  return false;
}

/** Whether JSON.parse may round the number of a long run of digits and points. */
function mayBeRounded(text: string, start: number, end: number): boolean {
  const next = text.charCodeAt(end);
  if (next === LOWER_E || next === UPPER_E) return true;
  let point = text.indexOf('.', start);
  if (point < 0 || point >= start + LONG_RUN) return true;
  for (; point >= 0 && point < end; point = text.indexOf('.', point + 1)) {
    const digit = text.charCodeAt(point + 1);
    if (digit !== DIGIT_0 && digit !== DIGIT_9) continue;
    let at = point + 1;
    while (at < end && text.charCodeAt(at) === digit) at += 1;
    if (at - start >= LONG_RUN) return true;
  }
  return false;
}

function mayBeInexact(text: string, start: number, end: number): boolean {
  if (mayBeRounded(text, start, end)) return true;
  const digits = text.slice(start, end);
  return String(Number(digits)) !== digits;
}

function isDigitOrPoint(code: number): boolean {
  return code === POINT || (code >= DIGIT_0 && code <= DIGIT_9);
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
export const { rawJSON: rawJson = Number } = JSON as unknown as { readonly rawJSON?: (text: string) => unknown };
