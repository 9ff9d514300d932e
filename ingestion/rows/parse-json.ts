import { badInput } from '../../errors/app-error.js';
import { INGEST_LIMITS } from '../../limits/ingest-limits.js';
import { parseLongFractions, parseLosslessJson } from '../../values/lossless-json.js';
import { countKeys } from './count-keys.js';
import { isObject } from './read-row.js';

/**
 * Parses the JSON of a row or a message. A whole number beyond 2^53 becomes a bigint. A number beyond all doubles, a key
 * that an object has twice, and deep nesting are refused: JSON.parse would make the number Infinity, and drop a value.
 * With `hasStructs`, a fraction that no double holds becomes a LongFraction. The search takes time, and a DOUBLE is the
 * nearest double anyway.
 */
export function parseRowJson(text: string, hasStructs: boolean): unknown {
  let parsed: unknown;
  try {
    parsed = hasStructs ? parseLongFractions(text) : parseLosslessJson(text, BigInt);
  } catch {
    throw badInput('This is not JSON.');
  }
  if (checkContent(parsed, 0) !== countKeys(text)) {
    throw badInput('An object has the same key twice. Write each key once.');
  }
  return parsed;
}

/** Returns the number of keys. */
function checkContent(value: unknown, depth: number): number {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw badInput('A number is beyond the range of a double. Write an infinity as the string "Infinity".');
  }
  if (!Array.isArray(value) && !isObject(value)) return 0;
  if (depth >= INGEST_LIMITS.maxNesting) throw badInput(`JSON has at most ${INGEST_LIMITS.maxNesting} levels here.`);
  const items: unknown[] = Object.values(value);
  let keys = Array.isArray(value) ? 0 : items.length;
  for (const item of items) keys += checkContent(item, depth + 1);
  return keys;
}
