import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EntityTime, EntityTimesRead } from '../../datasources/offline/entity-times.js';
import type { OfflineStore } from '../../datasources/offline/offline-store.js';
import { compare, naiveEntityTimes } from '../support/entity-times-oracle.js';
import { pointInTimeProblem } from '../support/point-in-time-arbitrary.js';
import { testEntityType } from '../support/test-registry.js';
import type { OfflineStoreUnderTest } from './offline-store.contract.js';

const AT = 1_000_000_000_000_000n;
const moment = fc.integer({ min: -7, max: 7 }).map((step) => AT + BigInt(step));

/** The times of entities are those of a program that looks at every row. */
export function describeEntityTimes(name: string, open: () => Promise<OfflineStoreUnderTest>, numRuns: number): void {
  describe(`times of entities: ${name}`, () => {
    let stores: OfflineStoreUnderTest;
    let made = 0;
    beforeAll(async () => {
      stores = await open();
    });
    afterAll(async () => stores.dispose());

    it('are those of the naive program', async () => {
      await fc.assert(
        fc.asyncProperty(
          pointInTimeProblem,
          fc.option(fc.tuple(moment, moment)),
          fc.boolean(),
          fc.boolean(),
          async (problem, range, isChosen, areRepeated) => {
            const [input] = problem.entityType.sources;
            const sources = ['one', 'two'].map((source) => ({ ...input!, name: source, static: false }));
            const named = sources.map((source) => ({
              ...source,
              features: source.features.map((feature) => ({
                ...feature,
                name: `${source.name}_${feature.name}`,
                column: undefined,
              })),
            }));
            const entityType = testEntityType({ ...problem.entityType, name: `timed_${(made += 1)}`, sources: named });
            const store = await stores.storeFor(entityType);
            const rows = problem.rows.map((row, index) => ({
              ...row,
              timestamp: row.timestamp ?? AT + BigInt(index % 5),
            }));
            const half = Math.ceil(rows.length / 2);
            for (const [index, source] of entityType.sources.entries()) {
              const own = rows.slice(index === 0 ? 0 : half, index === 0 ? half : undefined).map((row) => ({
                ...row,
                values: new Map([...row.values].map(([key, value]) => [`${source.name}_${key}`, value])),
              }));
              if (own.length > 0) await store.append(source, own);
            }
            const read: EntityTimesRead = {
              entityType,
              sources: entityType.sources,
              entityIds: isChosen ? problem.labels.flatMap(({ entityId }) => entityId ?? []).concat('no,one') : null,
              events: range && { from: range[0], until: range[1], areRepeated },
              knownAt: problem.options.knownAt,
              sinceWritten: problem.options.knownAtLabelTime,
            };
            expect(await readAll(store, read)).toEqual(naiveEntityTimes(rows, read).sort(byTime));
            const { maxTimes } = await store.estimateEntityTimes(read);
            expect(Number(maxTimes)).toBeGreaterThanOrEqual((await readAll(store, read)).length);
          },
        ),
        { numRuns },
      );
    });
  });
}

async function readAll(store: OfflineStore, read: EntityTimesRead): Promise<EntityTime[]> {
  const found: EntityTime[] = [];
  for await (const batch of store.entityTimes(read)) found.push(...batch);
  return found.sort(byTime);
}

function byTime(a: EntityTime, b: EntityTime): number {
  return compare(a.time, b.time) || (a.entityId < b.entityId ? -1 : Number(a.entityId > b.entityId));
}
