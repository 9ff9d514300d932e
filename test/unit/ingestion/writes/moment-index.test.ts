import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MomentIndex, type MomentOf } from '../../../../ingestion/writes/moment-index.js';
import { testRegistry } from '../../../support/test-registry.js';

const sources = [{ features: [{ name: 'a', valueType: 'INT64' as const }] }];
const registry = () =>
  testRegistry({
    name: 'test',
    entityTypes: [
      { name: 'user', sources },
      { name: 'item', sources },
    ],
  });
/** An applied registry has other objects. */
const registries = [registry(), registry()];

const TYPES = ['user', 'item'] as const;
const IDS = ['1', '2', '3'] as const;
const TIMES = [null, 1n, 2n, 3n] as const;

interface Row {
  readonly type: (typeof TYPES)[number];
  readonly id: (typeof IDS)[number];
  readonly timestamp: (typeof TIMES)[number];
}

const row: fc.Arbitrary<Row> = fc.record({
  type: fc.constantFrom(...TYPES),
  id: fc.constantFrom(...IDS),
  timestamp: fc.constantFrom(...TIMES),
});

const sourceOf = (type: string, turn: number) => registries[turn % 2]!.entityType('test', type).sources[0]!;

const toMoment = ({ type, id, timestamp }: Row, turn: number): MomentOf => ({
  entityId: id,
  source: sourceOf(type, turn),
  version: { timestamp, createdTimestamp: null, sequence: null },
});

describe('the moments of logged rows', () => {
  it('are those of the last commits that are not forgotten, in any history and after another registry was applied', () => {
    const step = fc.oneof(fc.record({ rows: fc.array(row) }), fc.record({ forget: fc.nat(4) }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const index = new MomentIndex();
        const commits: { readonly sequence: number; readonly rows: readonly Row[] }[] = [];
        let forgotten = 0;
        for (const [turn, next] of steps.entries()) {
          if ('forget' in next) {
            const upTo = Math.max(forgotten, commits.length - next.forget);
            for (const commit of commits.slice(forgotten, upTo)) {
              for (const drained of commit.rows) index.forget(toMoment(drained, turn), upTo);
            }
            forgotten = upTo;
          } else {
            const sequence = commits.length + 1;
            commits.push({ sequence, rows: next.rows });
            for (const [place, written] of next.rows.entries()) {
              index.set(toMoment(written, turn), new Map([['a', BigInt(sequence * 1000 + place)]]), sequence);
            }
          }
          const kept = commits.slice(forgotten);
          for (const type of TYPES) {
            for (const id of IDS) {
              const ofEntity = (other: Row): boolean => other.type === type && other.id === id;
              const last = kept.findLast(({ rows }) => rows.some(ofEntity));
              expect(index.lastOf(sourceOf(type, turn + 1), id)).toBe(last?.sequence ?? 0);
              for (const timestamp of TIMES) {
                const isMoment = (other: Row): boolean => ofEntity(other) && other.timestamp === timestamp;
                const commit = kept.findLast(({ rows }) => rows.some(isMoment));
                const expected = commit && BigInt(commit.sequence * 1000 + commit.rows.findLastIndex(isMoment));
                expect(index.find(toMoment({ type, id, timestamp }, turn + 1))?.get('a')).toBe(expected);
              }
            }
          }
        }
      }),
      { numRuns: 50 },
    );
  });
});
