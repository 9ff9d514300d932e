import { describe, expect, it } from 'vitest';
import { DEFAULT_OPTIONS } from '../../../datasources/offline/point-in-time/plan.js';
import { NO_LIMIT, openTrainingSets } from '../../support/training-set-dependencies.js';
import { T } from '../../support/small-registry.js';
import { testRegistry } from '../../support/test-registry.js';

const FEATURES = [{ name: 'a', valueType: 'INT64' as const }];
const REGISTRY = testRegistry({
  name: 'computed',
  entityTypes: [
    { name: 'timed', sources: [{ sql: 'SELECT 1', features: FEATURES }] },
    { name: 'fixed', sources: [{ sql: 'SELECT 1', static: true, features: FEATURES }] },
    { name: 'dated', sources: [{ sql: 'SELECT 1', createdTimestampColumn: 'written', features: FEATURES }] },
  ],
});
const AT = '2001-09-09T01:46:50Z';

function requestOf(name: string, options: object) {
  const entityType = REGISTRY.entityType('computed', name);
  return {
    joins: [{ entityType, entityIdColumns: ['who'], features: entityType.features, prefix: '' }],
    labels: { kind: 'INLINE', timeColumn: 'at', rows: [{ who: 'ann', at: AT }] },
    options: { ...DEFAULT_OPTIONS, ...options },
    withTimestamps: false,
  } as const;
}

/** Without a creation time no row would count: the training set would be all nulls, without an error. */
describe('a training set of a source without creation time', () => {
  it.each([
    ['timed', 'knownAt', { knownAt: T(10) }],
    ['fixed', 'knownAt', { knownAt: T(10) }],
    ['timed', 'knownAtLabelTime', { knownAtLabelTime: true }],
  ])('%s refuses %s: previewed, made and validated', async (name, field, options) => {
    const { trainingSets, make, query, files } = await openTrainingSets(REGISTRY.featurestores);
    const request = requestOf(name, options);
    const refused = { code: 'BAD_USER_INPUT', details: { field }, message: expect.stringMatching(/createdTimestamp/) };
    await expect(trainingSets.preview(request, 1, NO_LIMIT)).rejects.toMatchObject(refused);
    await expect(make(request)).rejects.toMatchObject(refused);
    await query(`COPY (SELECT 'ann' AS who, '${AT}' AS at, 1 AS a) TO '${files}/theirs.parquet'`);
    const labels = { kind: 'FILE', file: 'theirs.parquet', format: 'PARQUET', timeColumn: 'at' } as const;
    await expect(trainingSets.validate({ ...request, labels }, new Map(), NO_LIMIT)).rejects.toMatchObject(refused);
  });

  it.each(['timed', 'fixed'])('%s does not count values that were written after their label', async (name) => {
    const { trainingSets } = await openTrainingSets(REGISTRY.featurestores);
    const { validation } = await trainingSets.preview(requestOf(name, {}), 1, NO_LIMIT);
    expect(validation.valuesWrittenAfterLabel).toBeNull();
  });

  it.each([
    ['its static values hold at the time of each label', 'fixed', { knownAtLabelTime: true }, '7'],
    ['one with creation times has what was known', 'dated', { knownAt: T(3) }, '7'],
    ['one with creation times has what was known at the label', 'dated', { knownAtLabelTime: true }, '8'],
  ])('%s', async (_title, name, options, a) => {
    const { trainingSets, offline } = await openTrainingSets(REGISTRY.featurestores);
    const [source] = REGISTRY.entityType('computed', name).sources;
    const rows = name === 'fixed' ? [7n] : [7n, 8n, 9n];
    await offline.append(
      source!,
      rows.map((value, index) => ({
        entityId: 'ann',
        timestamp: name === 'fixed' ? null : T(index),
        createdTimestamp: name === 'fixed' ? null : T(index * 5 + 2),
        values: new Map([['a', value]]),
      })),
    );
    const {
      rows: [row],
    } = await trainingSets.preview(requestOf(name, options), 1, NO_LIMIT);
    expect(row).toMatchObject({ a });
  });
});
