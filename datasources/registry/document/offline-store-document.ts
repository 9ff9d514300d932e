import { z } from 'zod';
import type { OfflineStoreKind } from '../model.js';
import { unionOfKinds } from './union-of-kinds.js';

const duckDb = z.strictObject({ kind: z.literal('DUCKDB') }).describe('One file on this machine.');

/** The id of a project in an organisation's domain is `example.com:shop`. */
export const projectId = z
  .string()
  .regex(
    /^(?:[a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$/,
    'a project id has 6 to 30 lower-case letters, digits and hyphens',
  );

/** The limits of one query. */
export const queryLimits = {
  maximumBytesBilled: z
    .number()
    .int()
    .min(10_485_760)
    .nullable()
    .default(null)
    .describe('A query that would be billed for more bytes is refused and costs nothing. At least 10 MiB.'),
  timeoutSeconds: z.number().min(1).max(21_600).default(60).describe('BigQuery ends a query that runs longer.'),
};

const bigQuery = z
  .strictObject({
    kind: z.literal('BIGQUERY'),
    project: projectId.describe('The Google Cloud project of the dataset; queries are billed to it.'),
    dataset: z
      .string()
      .regex(/^[A-Za-z0-9_]{1,1024}$/, 'a dataset has letters, digits and _')
      .nullable()
      .default(null)
      .describe('The dataset with one table a source. It must be there. Nothing: each source names its table in full.'),
    location: z
      .string()
      .regex(/^[A-Za-z0-9-]+$/, 'a location is US, EU or a region such as europe-west1')
      .describe('Where the dataset is: US, EU or a region. A query finds a dataset only in its own location.'),
    ...queryLimits,
    createTables: z
      .boolean()
      .default(true)
      .describe('Make tables, and columns of new features, that are not there. false: report them as faults.'),
    pointInTime: z
      .enum(['AGGREGATE', 'ENTITY_FEATURES_AT_TIME'])
      .default('AGGREGATE')
      .describe(
        'How values as of a moment are found: by a join of ours, which knows all rules, or by BigQuery’s ML.ENTITY_FEATURES_AT_TIME (docs/point-in-time.md says where that is refused).',
      ),
  })
  .describe('A BigQuery dataset (docs/google-cloud-bigquery.md).');

/** The store with the whole history of values. */
export const offlineStore = unionOfKinds({ DUCKDB: duckDb, BIGQUERY: bigQuery } satisfies Record<
  OfflineStoreKind,
  z.ZodObject
>);

/** The table of a source in BigQuery. */
export const bigQueryTable = z
  .string()
  .regex(
    /^(?:(?:(?:[a-z0-9.-]+:)?[a-z0-9-]+\.)?[A-Za-z0-9_]{1,1024}\.)?[\p{L}\p{M}\p{N}_-]{1,1024}$/u,
    'a table has letters, digits, _ and -; before it may stand its dataset, or its project and dataset, with dots',
  )
  .nullable()
  .default(null)
  .describe(
    'Its table in BigQuery: table, dataset.table or project.dataset.table. Nothing: the entity type and the source, joined by two underscores.',
  );
