import { parseLosslessJson } from '../../../values/lossless-json.js';

/** A number that JSON has no word for. Python writes them all the same: json.dumps(float("nan")) is NaN. */
export class NonFinite {
  constructor(readonly value: number) {}
}

/**
 * JSON.parse, but no digit is lost and no NaN is an error: a whole number beyond 2^53 becomes a bigint, and NaN, Infinity and
 * -Infinity become a NonFinite, so that whoever reads a value decides whether it may be one.
 */
export function parseAnswer(text: string): unknown {
  try {
    return parseLosslessJson(text, BigInt);
  } catch (error) {
    // Only what is no JSON can have these words in it, so the answers of most servers are read once.
    if (!/NaN|Infinity/.test(text)) throw error;
    return JSON.parse(markLiterals(text), revive);
  }
}

/** Numbers of JSON that no program writes, in place of the words that JSON does not have. */
const MARKS = new Map([
  ['NaN', '0e9999'],
  ['Infinity', '0e9998'],
  ['-Infinity', '-0e9998'],
]);
const MARKED = new Map([...MARKS].map(([literal, mark]) => [mark, new NonFinite(Number(literal))]));

/** A text is passed over as a whole, so that a NaN in it stays what it is. */
const TEXT_OR_LITERAL = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\b(?:NaN|Infinity)\b/g;

function markLiterals(text: string): string {
  return text.replaceAll(TEXT_OR_LITERAL, (found) => MARKS.get(found) ?? found);
}

/** The third argument is of 2023, and unknown to the types. */
function revive(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  const source = context?.source;
  if (typeof value !== 'number' || source === undefined) return value;
  const literal = MARKED.get(source);
  if (literal) return literal;
  return /^-?\d+$/.test(source) && !Number.isSafeInteger(value) ? BigInt(source) : value;
}
