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
