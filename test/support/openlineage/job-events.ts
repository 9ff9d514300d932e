import type { JobRecord } from '../../../datasources/job-store/job-record.js';
import { resolveTableAddress } from '../../../datasources/offline/bigquery/source-table.js';
import { DatasetNames, type DatasetPlaces } from '../../../lineage/dataset-names.js';
import { Datasets } from '../../../lineage/datasets.js';
import { JobDatasetFinder } from '../../../lineage/job-datasets.js';
import { FacetMaker, type RunEvent } from '../../../lineage/open-lineage.js';
import { RunEvents } from '../../../lineage/run-events.js';
import { jobRecord } from '../job-record.js';
import { testRegistry } from '../test-registry.js';

const STORES = {
  onlineStore: { kind: 'BIGTABLE' as const, project: 'p', instance: 'i', table: 't', columnFamily: 'f' },
  offlineStore: { kind: 'BIGQUERY' as const, project: 'my-project', dataset: 'features', location: 'EU' },
};

/** A featurestore in BigQuery, whose feature `email` has another column there. */
export const LINEAGE_REGISTRY = testRegistry({
  ...STORES,
  name: 'shop',
  entityTypes: [
    {
      name: 'customer',
      sources: [
        {
          name: 'orders',
          features: [
            { name: 'total', valueType: 'DOUBLE' },
            { name: 'email', valueType: 'STRING', column: 'mail_address', sensitivity: 'PERSONAL' },
          ],
        },
        {
          name: 'visits',
          bigQueryTable: 'other-project.web.visits',
          features: [{ name: 'visits', valueType: 'INT64' }],
        },
      ],
    },
  ],
  featureViews: [{ name: 'profile', entityType: 'customer', features: ['email', 'visits'] }],
  monitors: [{ name: 'orders', entityType: 'customer', features: ['total'], windowSeconds: 60, checks: { drift: {} } }],
});

const ID = (digit: number) => `01a22986-ba55-70a0-a517-f16e9275000${digit}`;
const ended = { state: 'SUCCEEDED', startedAt: 1_000_000n, endedAt: 2_000_000n } as const;
const joins = [
  {
    featurestore: 'shop',
    entityType: 'customer',
    entityIdColumns: ['customer'],
    features: ['total', 'gone'],
    prefix: '',
  },
];
const rows = {
  labels: {
    kind: 'GENERATED',
    entityIds: ['secret-customer'],
    times: { kind: 'EVENTS', feature: 'visits', from: 0n, until: 1n },
    timeColumn: 'timestamp',
  },
  joins,
  options: {},
  withTimestamps: false,
};

/** A job of each kind that has ended, on Google Cloud. */
export const LINEAGE_JOBS: readonly JobRecord[] = [
  {
    ...jobRecord({ ...ended, id: ID(1), kind: 'TRAINING_SET' }),
    spec: { ...rows, labels: { kind: 'FILE', file: 'labels/june.csv', timeColumn: 'at' } },
    result: {
      output: { format: 'PARQUET', location: 'gs://bucket/sets/june.parquet' },
      columns: ['customer', 'at', 'total', 'gone'],
      rows: 3n,
    },
  },
  {
    ...jobRecord({ ...ended, id: ID(2), kind: 'BATCH_PREDICTION' }),
    spec: {
      model: 'churn',
      modelSnapshot: { runtime: 'VERTEX' },
      input: { kind: 'TABLE', table: 'my-project.in.rows' },
      output: { format: 'TABLE', location: null },
    },
    result: { predictions: 'my-project.out.predictions', failures: 'my-project.out.errors', isPartial: false },
  },
  {
    ...jobRecord({ ...ended, id: ID(3), kind: 'FEATURE_VIEW_SYNC' }),
    spec: { featurestore: 'shop', featureView: 'profile', target: '', trigger: 'REQUEST' },
  },
  { ...jobRecord({ ...ended, id: ID(4), kind: 'MONITOR_RUN' }), spec: { featurestore: 'shop', monitor: 'orders' } },
  {
    ...jobRecord({ ...ended, id: ID(5), kind: 'BACKTEST', state: 'FAILED' }),
    spec: { model: 'churn', rows, actual: { kind: 'FEATURE', feature: 'total', horizon: 1n } },
    error: { code: 'MODEL_UNAVAILABLE', message: 'The model said: secret-customer.' },
  },
  {
    ...jobRecord({ ...ended, id: ID(6), kind: 'SOURCE_REFRESH', state: 'CANCELLED' }),
    spec: { featurestore: 'shop', entityType: 'customer', source: null, trigger: 'REQUEST' },
  },
];

export function runEvents(places: Partial<DatasetPlaces> = {}, registry = LINEAGE_REGISTRY): RunEvents {
  const facets = new FacetMaker('urn:featuregraph:test');
  const names = new DatasetNames({
    namespace: 'prod',
    filesFolder: '/data/files',
    sharedFiles: null,
    findTable: (source) => {
      const settings = source.entityType.featurestore.offlineSettings;
      return settings.kind === 'BIGQUERY' ? resolveTableAddress(source, settings) : null;
    },
    ...places,
  });
  const findJob = async (id: string) => LINEAGE_JOBS.find((job) => job.id === id);
  const datasets = new JobDatasetFinder({ registry, datasets: new Datasets(names, facets), findJob });
  return new RunEvents({ namespace: 'prod', release: '1.2.3', facets, datasets });
}

/** Both events of each job. */
export async function allEvents(): Promise<RunEvent[]> {
  const events = runEvents();
  return (await Promise.all(LINEAGE_JOBS.map(async (job) => [await events.start(job), await events.end(job)]))).flat();
}
