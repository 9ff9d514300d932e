import { RE2JS } from 're2js';
import { countCharacters } from '../../values/count-characters.js';

/** Characters of a pattern: it stands in registries and in messages. */
export const MAX_PATTERN_LENGTH = 256;
/**
 * Instructions of a compiled pattern. The time for a character grows with them: \w{1,100} repeated ten times has 2,000, and
 * takes 40 µs a character. A usual pattern of an email address, with repetitions up to 64, has 268.
 */
export const MAX_PATTERN_SIZE = 300;
/** Characters of a text that is matched. A longer text does not match: what a client sends must not hold up the process. */
export const MAX_MATCHED_LENGTH = 2_000;

/**
 * What RE2JS knows after \p and the RE2 of DuckDB does not: properties that are no general category or script, and scripts of
 * later releases of Unicode. A training set with such a pattern could not be checked.
 */
const UNKNOWN_IN_DUCKDB: ReadonlySet<string> = new Set(
  (
    'Cn LC ASCII Assigned ASCII_Hex_Digit Alphabetic Dash Emoji Emoji_Component Emoji_Modifier Emoji_Modifier_Base ' +
    'Emoji_Presentation Extended_Pictographic Hex_Digit Lowercase Math Quotation_Mark Terminal_Punctuation Uppercase ' +
    'White_Space Unknown Beria_Erfe Garay Gurung_Khema Kirat_Rai Ol_Onal Sidetic Sunuwar Tai_Yo Todhri Tolong_Siki Tulu_Tigalari'
  )
    .toLowerCase()
    .split(' '),
);

/** A pattern of RE2: it takes time in proportion to the text, also for a pattern whose backtracking would take for ever. */
export interface ExpectedPattern {
  /** Whether the whole text matches. */
  matches(text: string): boolean;
}

/** Throws an Error that says what is wrong with the pattern. */
export function compilePattern(pattern: string): ExpectedPattern {
  // Before it is compiled: the compiler takes the more time the longer it is.
  if (pattern.length > MAX_PATTERN_LENGTH) throw new Error(`a pattern has at most ${MAX_PATTERN_LENGTH} characters`);
  // DuckDB, which checks training sets, has an earlier RE2.
  if (pattern.includes('(?<')) throw new Error('write a named group as (?P<name>…); there is no (?<…)');
  const unknown = findUnknownProperty(pattern);
  if (unknown !== undefined) {
    throw new Error(
      `there is no \\p{${unknown}}; write a general category, such as \\p{L}, or a script, such as \\p{Greek}`,
    );
  }
  const compiled = RE2JS.compile(pattern);
  if (compiled.programSize() > MAX_PATTERN_SIZE) {
    throw new Error(
      `the pattern is too large: compiled, it has ${compiled.programSize()} instructions, and at most ${MAX_PATTERN_SIZE}; ` +
        'repeat less, or expect the length separately',
    );
  }
  return { matches: (text) => isShort(text) && compiled.testExact(text) };
}

function findUnknownProperty(pattern: string): string | undefined {
  // Escapes are taken in pairs: the p of \\p is a letter.
  const names = Array.from(pattern.matchAll(/\\(?:[pP]\{\^?([^}]*)\}|[^])/g), ([, name = '']) => name);
  return names.find((name) => UNKNOWN_IN_DUCKDB.has(name.toLowerCase()));
}

function isShort(text: string): boolean {
  if (text.length <= MAX_MATCHED_LENGTH) return true;
  // A character has at most two units: a long text need not be counted.
  return text.length <= 2 * MAX_MATCHED_LENGTH && countCharacters(text) <= MAX_MATCHED_LENGTH;
}
