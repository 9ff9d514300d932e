import { badInput } from '../../errors/app-error.js';
import { INGEST_LIMITS } from '../../limits/ingest-limits.js';
import { parseLosslessJson } from '../../values/lossless-json.js';
import { isObject } from './read-row.js';

/**
 * Parses the JSON of a row or a message. A whole number beyond 2^53 becomes a bigint. A number beyond all doubles and
 * deep nesting are refused: JSON.parse would make the number Infinity.
 */
export function parseRowJson(text: string): unknown {
  let parsed: unknown;
  try {
    parsed = parseLosslessJson(text, BigInt);
  } catch {
    throw badInput('This is not JSON.');
  }
  checkContent(parsed, 0);
  return parsed;
}

function checkContent(value: unknown, depth: number): void {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw badInput('A number is beyond the range of a double. Write an infinity as the string "Infinity".');
  }
  if (!Array.isArray(value) && !isObject(value)) return;
  if (depth >= INGEST_LIMITS.maxNesting) throw badInput(`JSON has at most ${INGEST_LIMITS.maxNesting} levels here.`);
  for (const item of Object.values(value)) checkContent(item, depth + 1);
}
