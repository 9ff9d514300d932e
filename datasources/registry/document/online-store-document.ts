import { z } from 'zod';
import type { OnlineStoreKind } from '../model.js';
import { featureOnlineStore, region, resourceName, usePreview } from './common-fields.js';
import { FEATURE_VIEW_NAME } from '../find-view.js';
import { unionOfKinds } from './union-of-kinds.js';

const lmdb = z.strictObject({ kind: z.literal('LMDB') }).describe('On this machine, in the data folder.');

const bigtable = z
  .strictObject({
    kind: z.literal('BIGTABLE'),
    project: z.string().min(1).describe('The Google Cloud project.'),
    instance: z.string().min(1).describe('The Bigtable instance.'),
    table: z.string().min(1).describe('The table. It may hold many featurestores.'),
    columnFamily: z
      .string()
      .regex(/^[-_.a-zA-Z0-9]{1,64}$/, 'a column family has letters, digits, _, - and ., at most 64')
      .default('f')
      .describe('The column family of all values.'),
    appProfile: z
      .string()
      .min(1)
      .nullable()
      .default(null)
      .describe('The app profile. It needs single-cluster routing with single-row transactions. Nothing: the default.'),
    readDeadlineMs: z
      .number()
      .int()
      .min(100)
      .max(60_000)
      .default(3000)
      .describe('After how many milliseconds a read fails. The first attempt has a third of them.'),
    fillRowsPerSecond: z
      .number()
      .int()
      .min(1)
      .max(1_000_000)
      .default(5000)
      .describe('The most rows that a fill writes in a second. A node takes up to 14,000 of 1 KB.'),
    versionRetentionSeconds: z
      .number()
      .int()
      .min(0)
      .default(0)
      .describe(
        'For how long the table has every value there was, so that reads of the past are answered from it (docs/google-cloud-bigtable.md says when that may be said).',
      ),
  })
  .describe('A table in Bigtable (docs/google-cloud-bigtable.md).');

const project = z.string().min(1).describe('The Google Cloud project.');

const vertexFeatureView = z
  .strictObject({
    kind: z.literal('VERTEX_FEATURE_VIEW'),
    project,
    location: region,
    featureOnlineStore,
    views: z
      .record(resourceName(60), z.union([resourceName(60), z.string().regex(FEATURE_VIEW_NAME)]))
      .default({})
      .describe(
        'The feature view of an entity type, by its name. One that is not here has a view of its own name. A view of another project has its full resource name: projects/P/locations/L/featureOnlineStores/S/featureViews/V, in the same region.',
      ),
    usePreview,
  })
  .describe('Feature views of Vertex AI (docs/google-cloud-vertex.md).');

const vertexLegacy = z
  .strictObject({
    kind: z.literal('VERTEX_LEGACY'),
    project,
    location: region,
    featurestore: resourceName(60).describe('The legacy featurestore. Its entity types and features keep their names.'),
  })
  .describe('Vertex AI Feature Store (Legacy), which ends on 2027-02-17 (docs/migrate-from-legacy.md).');

/** The store with the newest values. */
export const onlineStore = unionOfKinds({
  LMDB: lmdb,
  BIGTABLE: bigtable,
  VERTEX_FEATURE_VIEW: vertexFeatureView,
  VERTEX_LEGACY: vertexLegacy,
} satisfies Record<OnlineStoreKind, z.ZodObject>);
