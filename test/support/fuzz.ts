import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect } from 'vitest';

const root = join(import.meta.dirname, '../..');

/** FUZZ_SECONDS=60 FUZZ_SEED=… looks longer, and elsewhere. A failure prints its seed and the smallest input. */
const SECONDS = Number(process.env.FUZZ_SECONDS ?? 4);
const SEED = Number(process.env.FUZZ_SEED ?? 13);

/** Checks a property with many inputs, for a bounded time. */
export async function bounded<Inputs>(property: fc.IAsyncProperty<Inputs> | fc.IProperty<Inputs>): Promise<void> {
  await fc.assert(property, {
    seed: SEED,
    numRuns: SECONDS * 250,
    interruptAfterTimeLimit: SECONDS * 1000,
    markInterruptAsFailure: false,
  });
}

/** An answer or a message for clients that shows nothing of the inside: no stack, path, SQL or internal error. */
export function expectNoLeak(text: string): void {
  expect(text).not.toContain('INTERNAL_SERVER_ERROR');
  for (const inside of [root, tmpdir() + '/featuregraph', 'node_modules', 'node:internal', '    at ', 'SELECT ']) {
    expect(text).not.toContain(inside);
  }
}

/** Content with some of its bytes changed, left out, doubled or moved, or cut off. */
export function mutatedBytes(whole: Buffer): fc.Arbitrary<Buffer> {
  const edit = fc.record({
    how: fc.constantFrom('replace', 'remove', 'double', 'cut', 'zeros'),
    at: fc.nat({ max: Math.max(0, whole.length - 1) }),
    length: fc.integer({ min: 1, max: 64 }),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }),
  });
  return fc.array(edit, { minLength: 1, maxLength: 5 }).map((edits) =>
    edits.reduce((content, { how, at, length, bytes }) => {
      const [before, after] = [content.subarray(0, at), content.subarray(at)];
      switch (how) {
        case 'replace':
          return Buffer.concat([before, bytes, after.subarray(bytes.length)]);
        case 'remove':
          return Buffer.concat([before, after.subarray(length)]);
        case 'double':
          return Buffer.concat([before, after.subarray(0, length), after]);
        case 'zeros':
          return Buffer.concat([before, Buffer.alloc(length), after]);
        default:
          return before;
      }
    }, whole),
  );
}
