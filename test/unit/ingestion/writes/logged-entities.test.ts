import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { OnlineWrite } from '../../../../datasources/online/online-store.js';
import { LoggedEntities } from '../../../../ingestion/writes/logged-entities.js';
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

describe('the entities of logged rows', () => {
  it('have the last commit that is not forgotten, in any history and after another registry was applied', () => {
    const step = fc.oneof(
      fc.record({
        rows: fc.array(fc.record({ type: fc.constantFrom('user', 'item'), id: fc.constantFrom('1', '2', '3') })),
      }),
      fc.record({ forget: fc.nat(4) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const logged = new LoggedEntities();
        const commits: { sequence: number; rows: readonly { type: string; id: string }[] }[] = [];
        let forgotten = 0;
        for (const next of steps) {
          if ('forget' in next) {
            forgotten = Math.max(forgotten, commits.length - next.forget);
            logged.forget(forgotten);
          } else {
            const sequence = commits.length + 1;
            commits.push({ sequence, rows: next.rows });
            const current = registry();
            const toWrite = ({ type, id }: { type: string; id: string }): OnlineWrite => ({
              entityId: id,
              source: current.entityType('test', type).sources[0]!,
              version: { timestamp: 1n, createdTimestamp: 1n, sequence: null },
              values: new Map(),
            });
            logged.remember(sequence, next.rows.map(toWrite));
          }
          for (const type of ['user', 'item']) {
            for (const entityIds of [[], ['1'], ['2', '3'], ['unknown']]) {
              const last = commits.findLast(
                ({ sequence, rows }) =>
                  sequence > forgotten && rows.some((row) => row.type === type && entityIds.includes(row.id)),
              );
              const entityType = registry().entityType('test', type);
              expect(logged.lastOf({ entityType, entityIds })).toBe(last?.sequence ?? 0);
            }
          }
        }
      }),
      { numRuns: 50 },
    );
  });
});
