import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { caseEntityType, readCases, runCase } from '../../support/point-in-time-case.js';
import { openTrainingSets } from '../../support/training-set-dependencies.js';

const cases = readCases(join(import.meta.dirname, '../../cases/pit'));

/** Labels beside those of a case, so that there are as many as take the form for millions. */
const FILLING = 10_001;

describe('point-in-time cases as training sets, labels in a file', () => {
  it.each(cases.map((pit) => [pit.id, pit] as const))('%s', async (_id, pit) => {
    const entityType = caseEntityType(pit);
    const world = await openTrainingSets([entityType.featurestore]);
    await runCase(world.offline, entityType, pit);
    const ids = entityType.entityIdColumns;
    const labels = pit.entityRows.map(({ entity_id: id, timestamp }, number) => ({
      number,
      moment: timestamp,
      ...Object.fromEntries(ids.map((column) => [`id_${column}`, partOf(id, column)])),
    }));
    const filling = Array.from({ length: FILLING }, (_, index) => ({
      number: labels.length + index,
      moment: '2001-01-01T00:00:00Z',
      ...Object.fromEntries(ids.map((column) => [`id_${column}`, 'nobody at all'])),
    }));
    writeFileSync(
      join(world.files, 'labels.jsonl'),
      [...labels, ...filling].map((row) => JSON.stringify(row)).join('\n'),
    );
    const { options } = pit;
    const job = await world.make({
      labels: { kind: 'FILE', file: 'labels.jsonl', format: 'JSONL', timeColumn: 'moment' },
      joins: [
        {
          entityType,
          entityIdColumns: ids.map((column) => `id_${column}`),
          features: entityType.features,
          prefix: 'feature_',
        },
      ],
      options: {
        strictlyBefore: options.strictlyBefore ?? false,
        knownAtLabelTime: options.filterByCreatedTimestamp ?? false,
      },
      withTimestamps: false,
    });
    expect(job).toMatchObject({ state: 'SUCCEEDED', result: { validation: { leakedRows: 0n } } });
    const rows = await world.query(
      `SELECT * FROM '${world.files}/${job.result!.output.location}' WHERE number < ${labels.length} ORDER BY number`,
    );
    const answer = rows.map((row) =>
      Object.fromEntries(
        entityType.features.map(({ name }) => {
          const value = row[`feature_${name}`];
          return [name, typeof value === 'bigint' ? Number(value) : value];
        }),
      ),
    );
    const names = new Set(entityType.features.map(({ name }) => name));
    expect(answer).toEqual(
      pit.expected.map((row) =>
        Object.fromEntries(
          Object.entries(row)
            .filter(([name]) => names.has(name))
            .map(approximately),
        ),
      ),
    );
  });
});

function partOf(id: unknown, column: string): unknown {
  return typeof id === 'object' && id !== null ? (id as Record<string, unknown>)[column] : id;
}

function approximately([name, value]: [string, unknown]): [string, unknown] {
  return [name, typeof value === 'number' && !Number.isInteger(value) ? expect.closeTo(value, 9) : value];
}
