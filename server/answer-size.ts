import { turns } from '../runtime/turns.js';

/** Values between two looks at the clock. */
const VALUES_PER_CHECK = 2_000;

/** The values and objects of an answer, in turns of the event loop: the points that its request has used. */
export async function countValues(answer: unknown): Promise<number> {
  let count = 0;
  const open: unknown[] = [answer];
  while (open.length > 0) {
    const value = open.pop();
    if (Array.isArray(value)) {
      for (const item of value) open.push(item);
      continue;
    }
    count += 1;
    if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) open.push(inner);
    if (count % VALUES_PER_CHECK === 0) {
      const turn = turns.take();
      if (turn) await turn;
    }
  }
  return count;
}

/** Characters between two looks at the clock. */
const CHARACTERS_PER_CHECK = 65_536;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING_BRACE = 0x7b;
const SEPARATORS = new Set(Buffer.from('}[],:', 'latin1'));

/** The same for JSON without spaces. Parsing it would take one long turn, and as much memory again. */
export async function countWrittenValues(json: string): Promise<number> {
  let count = 0;
  let nextCheck = CHARACTERS_PER_CHECK;
  for (let at = 0; at < json.length;) {
    const code = json.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfString(json, at);
      // Otherwise it is the name of a member.
      if (json[at] !== ':') count += 1;
    } else if (SEPARATORS.has(code)) at += 1;
    else {
      count += 1;
      at += 1;
      if (code !== OPENING_BRACE) while (at < json.length && !SEPARATORS.has(json.charCodeAt(at))) at += 1;
    }
    if (at < nextCheck) continue;
    nextCheck = at + CHARACTERS_PER_CHECK;
    const turn = turns.take();
    if (turn) await turn;
  }
  return count;
}

/** The index behind the closing quote. */
function endOfString(json: string, start: number): number {
  for (let quote = json.indexOf('"', start + 1); quote >= 0; quote = json.indexOf('"', quote + 1)) {
    let first = quote;
    while (json.charCodeAt(first - 1) === BACKSLASH) first -= 1;
    if ((quote - first) % 2 === 0) return quote + 1;
  }
  return json.length;
}
