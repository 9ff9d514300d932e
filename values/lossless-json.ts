/** Whole numbers with more digits than a JavaScript number is sure of; the long fractions of models are none. */
const LONG_NUMBER = /(?<![\d.])\d{16,}(?![\d.eE])/;

/**
 * JSON.parse, but no digit of a whole number is lost: one beyond 2^53 becomes its text, as clients read an INT64, or what
 * `keep` makes of the text.
 */
export function parseLosslessJson(text: string, keep: (digits: string) => unknown = (digits) => digits): unknown {
  // Reading number by number takes several times as long, and few lines need it.
  if (!hasLongNumber(text)) return JSON.parse(text);
  // The third argument is of 2023, and unknown to the types.
  const reviver = (_key: string, value: unknown, context?: { readonly source?: string }): unknown => {
    const digits = context?.source;
    if (typeof value !== 'number' || digits === undefined || !/^-?\d+$/.test(digits)) return value;
    return Number.isSafeInteger(value) ? value : keep(digits);
  };
  return JSON.parse(text, reviver);
}

/** Whether a text may have a whole number that JSON.parse would round; it may also stand in a string. */
export function hasLongNumber(text: string): boolean {
  return LONG_NUMBER.test(text);
}

/** As parseLosslessJson, to be written as JSON again with every digit. */
export function parseToRewrite(text: string): unknown {
  return parseLosslessJson(text, (digits) => rawJson(digits));
}

/** A value that JSON.stringify writes as it stands. Of 2023 too; Node has it from 21 on. */
const { rawJSON: rawJson = Number } = JSON as unknown as { readonly rawJSON?: (text: string) => unknown };
