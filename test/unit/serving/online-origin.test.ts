import { describe, expect, it } from 'vitest';
import type { ExplainedRow } from '../../../datasources/offline/explain-read.js';
import type { Feature } from '../../../datasources/registry/model.js';
import { findOnlineOrigin, type OriginFacts } from '../../../serving/online-origin.js';
import { jobRecord } from '../../support/job-record.js';
import { testRegistry, type StoresInput } from '../../support/test-registry.js';

const BIGQUERY: StoresInput = {
  offlineStore: { kind: 'BIGQUERY', project: 'test-project', dataset: 'features', location: 'EU' },
};
const row = (fields: Partial<ExplainedRow> = {}): ExplainedRow => ({
  timestamp: 10n,
  createdTimestamp: 20n,
  sequence: null,
  arrival: null,
  file: null,
  value: 1n,
  ...fields,
});

function featureOf(stores: StoresInput, sql?: string): Feature {
  const source = { ...(sql === undefined ? {} : { sql }), features: [{ name: 'a', valueType: 'INT64' as const }] };
  return testRegistry({ name: 'shop', ...stores, entityTypes: [{ name: 'customer', sources: [source] }] })
    .featurestores[0]!.entityTypes[0]!.features[0]!;
}

const jobs = [1, 2, 3].map((number) => jobRecord({ id: `sync${number}` }));
const facts: OriginFacts = {
  refresh: async () => ({ at: 30n, job: jobs[0]! }),
  // Newest first.
  syncs: async () => [
    { job: jobs[2]!, dataWatermark: 50n },
    { job: jobs[1]!, dataWatermark: 40n },
    { job: jobs[0]!, dataWatermark: 15n },
  ],
};

describe('what brought a value online', () => {
  it('is the refresh of a computed source', async () => {
    expect(await findOnlineOrigin(featureOf({}, 'a.sql'), row({ arrival: 1n }), facts)).toEqual({
      kind: 'REFRESH',
      at: 30n,
      job: jobs[0],
    });
  });

  it('is the write of a row that the gateway wrote', async () => {
    const origin = { kind: 'WRITE', at: 20n, job: null };
    expect(await findOnlineOrigin(featureOf({}), row({ arrival: 1n }), facts)).toEqual(origin);
    expect(await findOnlineOrigin(featureOf(BIGQUERY), row({ arrival: 1n }), facts)).toEqual(origin);
  });

  it('is the first sync that had a row which others wrote to BigQuery', async () => {
    const feature = featureOf(BIGQUERY);
    expect(await findOnlineOrigin(feature, row(), facts)).toEqual({ kind: 'SYNC', at: 40n, job: jobs[1] });
    // Without a creation time, the row can be there since its event time.
    const early = await findOnlineOrigin(feature, row({ createdTimestamp: null }), facts);
    expect(early).toEqual({ kind: 'SYNC', at: 15n, job: jobs[0] });
    const late = await findOnlineOrigin(feature, row({ createdTimestamp: 60n }), facts);
    expect(late).toEqual({ kind: 'UNKNOWN', at: null, job: null });
  });
});
