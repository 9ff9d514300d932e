import { parseLongFractions, readFraction } from '../../../values/lossless-json.js';

/** A number that JSON cannot express. Python writes it all the same: json.dumps(float("nan")) is NaN. */
export class NonFinite {
  constructor(readonly value: number) {}
}

/**
 * JSON.parse without loss of digits and without errors for NaN: a whole number beyond 2^53 becomes a bigint, and a fraction
 * that no double holds a LongFraction. NaN, Infinity and -Infinity become a NonFinite, so that the code that reads a value decides whether it is valid.
 */
export function parseAnswer(text: string): unknown {
  try {
    return parseLongFractions(text);
  } catch (error) {
    // Only invalid JSON contains these words outside strings, so the responses of most servers are parsed once.
    if (!/NaN|Infinity/.test(text)) throw error;
    return JSON.parse(markLiterals(text), revive);
  }
}

/** JSON numbers that no program writes; they replace the words that JSON lacks. */
const MARKS = new Map([
  ['NaN', '0e9999'],
  ['Infinity', '0e9998'],
  ['-Infinity', '-0e9998'],
]);
const MARKED = new Map([...MARKS].map(([literal, mark]) => [mark, new NonFinite(Number(literal))]));

/** Skips a string as a whole, so that a NaN in it does not change. */
const TEXT_OR_LITERAL = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\b(?:NaN|Infinity)\b/g;

function markLiterals(text: string): string {
  return text.replaceAll(TEXT_OR_LITERAL, (found) => MARKS.get(found) ?? found);
}

/** The third argument is from 2023; TypeScript's types lack it. */
function revive(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  const source = context?.source;
  if (typeof value !== 'number' || source === undefined) return value;
  const literal = MARKED.get(source);
  if (literal) return literal;
  if (/^-?\d+$/.test(source)) return Number.isSafeInteger(value) ? value : BigInt(source);
  return Number.isFinite(value) ? readFraction(source) : value;
}
