import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jensenShannon, lInfinity, populationStabilityIndex, shares, wasserstein } from '../../../statistics/drift.js';

interface Case {
  readonly name: string;
  readonly p: readonly number[];
  readonly q: readonly number[];
  readonly edges: readonly number[];
  readonly jensenShannon: number;
  readonly lInfinity: number;
  readonly populationStabilityIndex: number;
  readonly wasserstein: number;
}

const CASES = JSON.parse(readFileSync(join(import.meta.dirname, 'drift-constants.json'), 'utf8')) as readonly Case[];

describe('distances between distributions', () => {
  it.each(CASES)('are those of scipy: $name', ({ p, q, edges, ...expected }) => {
    const [one, other] = [shares(p.map(BigInt)), shares(q.map(BigInt))];
    const near = (found: number, wanted: number) =>
      expect(Math.abs(found - wanted)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(wanted)));
    near(jensenShannon(one, other), expected.jensenShannon);
    near(lInfinity(one, other), expected.lInfinity);
    near(populationStabilityIndex(one, other), expected.populationStabilityIndex);
    near(wasserstein(one, other, edges), expected.wasserstein);
  });

  it('are 0 of equal distributions, the same both ways, and within their bounds', () => {
    const counts = fc.array(
      fc.tuple(fc.bigInt({ min: 0n, max: 10n ** 12n }), fc.bigInt({ min: 0n, max: 10n ** 12n })),
      {
        minLength: 1,
        maxLength: 30,
      },
    );
    fc.assert(
      fc.property(counts, (pairs) => {
        // Shares need a value in each.
        const p = shares([...pairs.map(([one]) => one), 1n]);
        const q = shares([...pairs.map(([, other]) => other), 1n]);
        const edges = p.map((_, bin) => bin).concat(p.length);
        for (const distance of [jensenShannon, lInfinity, populationStabilityIndex]) {
          expect(distance(p, p)).toBe(0);
          expect(Math.abs(distance(p, q) - distance(q, p))).toBeLessThan(1e-12);
          expect(distance(p, q)).toBeGreaterThanOrEqual(0);
        }
        expect(jensenShannon(p, q)).toBeLessThanOrEqual(1 + 1e-12);
        expect(lInfinity(p, q)).toBeLessThanOrEqual(1);
        expect(wasserstein(p, p, edges)).toBe(0);
        expect(wasserstein(p, q, edges)).toBeLessThanOrEqual(p.length);
      }),
    );
  });
});
