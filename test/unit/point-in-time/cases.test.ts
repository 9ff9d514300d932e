import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DuckDbOfflineStore } from '../../../datasources/offline/duckdb/duckdb-offline-store.js';
import { openSortingAsof } from '../../support/sorting-asof.js';
import { entityTypeOfCase, readCases, runCase } from '../../support/point-in-time-case.js';

/** More cases of the same form can be run: PIT_CASES names a folder of them. */
const folder = process.env.PIT_CASES ?? join(import.meta.dirname, '../../cases/pit');
const cases = existsSync(folder) ? readCases(folder) : [];

describe.each(['lookup', 'timeline'] as const)('point-in-time cases, %s form', (form) => {
  it('finds the cases', () => {
    expect(cases.length).toBeGreaterThan(0);
  });

  it.each(cases.map((pit) => [pit.id, pit] as const))('%s', async (_id, pit) => {
    const entityType = entityTypeOfCase(pit);
    const store = await DuckDbOfflineStore.open(await openSortingAsof(), entityType.sources, form);
    try {
      const answer = await runCase(store, entityType, pit);
      expect(answer).toEqual(pit.expected.map(approximately));
    } finally {
      await store.close();
    }
  });
});

function approximately(row: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      typeof value === 'number' && !Number.isInteger(value) ? expect.closeTo(value, 9) : value,
    ]),
  );
}
