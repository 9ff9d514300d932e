/**
 * Whole numbers with more digits than a JavaScript number represents exactly; long fractions of models do not match.
 */
const LONG_NUMBER = /(?<![\d.])\d{16,}(?![\d.eE])/;

/**
 * JSON.parse without loss of digits in whole numbers: a number beyond 2^53 becomes its text, as clients read an INT64,
 * or the result of `keep` for that text.
 */
export function parseLosslessJson(text: string, keep: (digits: string) => unknown = (digits) => digits): unknown {
  // Reading each number takes several times as long, and few lines need it.
  if (!hasLongNumber(text)) return JSON.parse(text);
  // The third argument is from 2023; TypeScript's types lack it.
  const reviver = (_key: string, value: unknown, context?: { readonly source?: string }): unknown => {
    const digits = context?.source;
    if (typeof value !== 'number' || digits === undefined || !/^-?\d+$/.test(digits)) return value;
    return Number.isSafeInteger(value) ? value : keep(digits);
  };
  return JSON.parse(text, reviver);
}

/** Whether a text may have a whole number that JSON.parse would round; the digits may also be inside a string. */
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
