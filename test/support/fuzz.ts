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
