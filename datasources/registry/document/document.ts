import { z } from 'zod';
import { VALUE_TYPES } from '../../../values/value-type.js';
import { SENSITIVITIES } from '../model.js';
import { describeOnlineStore, ONLINE_STORE_KINDS } from '../store-kinds.js';
import { columnName, MAX_FEATURE_NAME_LENGTH, resourceName, seconds, share } from './common-fields.js';
import { expectations } from './expectation-document.js';
import { modelEntries } from './model-entries.js';
import { monitor } from './monitor-document.js';
import { bigQueryTable, offlineStore } from './offline-store-document.js';
import { onlineStore } from './online-store-document.js';
import { stream } from './stream-document.js';
import { tableFile } from './table-document.js';
import { vertexFeaturestores } from './vertex-featurestore-document.js';

/**
 * The shape of a registry file. The JSON Schema for editors is generated from it
 * (datasources/registry/registry.schema.json), so the descriptions address the editor's user. Names have the length
 * limits of Vertex AI, the stricter ones where its pages disagree, so that named objects can migrate there.
 */
const featurestoreName = resourceName(60).describe('Unique in the registry.');
const entityTypeName = resourceName(60).describe('Unique in its featurestore.');
const featureName = resourceName(MAX_FEATURE_NAME_LENGTH).describe(
  'Unique in its entity type. In the typed schema it becomes camelCase.',
);

const labels = z
  .record(z.string().max(64), z.string().max(64))
  .default({})
  .describe('Free key-value pairs for finding and billing.');

const ttlSeconds = seconds
  .nullable()
  .default(null)
  .describe('Seconds after which a value is EXPIRED. 0 or nothing: never. A value exactly this old is still valid.');

const BEFORE =
  'The name that it had before: its values move to the new name. Take it out later; a name that is in use cannot be here.';

const feature = z
  .strictObject({
    name: featureName,
    renamedFrom: featureName.nullable().default(null).describe(BEFORE),
    valueType: z.enum(VALUE_TYPES).describe('The type of its values.'),
    column: columnName.optional().describe('Its column in BigQuery, where that is not called as the feature is.'),
    unit: z.string().nullable().default(null).describe('The unit of a number, e.g. minutes.'),
    description: z.string().nullable().default(null).describe('What it says, for the person who chooses features.'),
    owner: z.string().nullable().default(null).describe('Who answers for it.'),
    labels,
    sensitivity: z.enum(SENSITIVITIES).default('INTERNAL').describe('How careful one must be with its values.'),
    ttlSeconds: ttlSeconds.describe('Its own ttl in seconds, instead of the one of the entity type.'),
    driftThreshold: share
      .nullable()
      .default(null)
      .describe(
        'The distance above which its values have drifted (docs/statistics.md): Jensen-Shannon divergence of numbers, L-infinity of BOOL and STRING. 0.3 if absent.',
      ),
    expectations,
    deprecationReason: z
      .string()
      .min(1)
      .nullable()
      .default(null)
      .describe('Why not to use it, and what to use instead.'),
  })
  .describe('A typed, described property of an entity.');

const incremental = z
  .strictObject({
    table: resourceName(60).describe('The table whose files change. A change of another table computes the whole SQL.'),
    watermarkColumn: columnName
      .nullable()
      .default(null)
      .describe(
        'A time column of the table, which the SQL gives as the timestamp column: rows are only added, and each is later than all that were there. A refresh then computes only later rows. Absent: each file of the table is computed alone, and a refresh computes only the files that changed.',
      ),
  })
  .describe('How a refresh computes only what changed (docs/refresh.md).');

const source = z
  .strictObject({
    // The limit is that of a feature group's id.
    name: resourceName(128).default('values').describe('Unique in its entity type.'),
    renamedFrom: resourceName(128).nullable().default(null).describe(BEFORE),
    sql: z
      .string()
      .nullable()
      .default(null)
      .describe(
        'A SQL file beside the registry: one SELECT over the featurestore’s tables that gives the id columns, the timestamp column and one column a feature.',
      ),
    partitions: z
      .number()
      .int()
      .min(1)
      .max(64)
      .default(1)
      .describe(
        'In how many runs the SQL is computed, for less memory. With more than 1 the SQL filters by in_partition(id_column).',
      ),
    incremental: incremental
      .nullable()
      .default(null)
      .describe('How a refresh computes only what changed. Absent: it computes the whole SQL.'),
    refreshSchedule: z
      .string()
      .nullable()
      .default(null)
      .describe(
        'When it is refreshed: five fields of cron in UTC, or in the time zone put before them, as in CRON_TZ=Europe/Zurich 0 3 * * *.',
      ),
    static: z.boolean().default(false).describe('Its values have no time: they hold at all times.'),
    timestampColumn: columnName
      .default('event_timestamp')
      .describe('The column with the moment (UTC) at which a row was known. Not read for a static source.'),
    createdTimestampColumn: columnName
      .nullable()
      .default(null)
      .describe(
        'The column with the moment at which a row was written: it breaks ties and serves the known-at cut-off.',
      ),
    sequenceColumn: columnName
      .nullable()
      .default(null)
      .describe('An integer column that breaks ties of both times: the greater is newer.'),
    bigQueryTable,
    onRepeatedTime: z
      .enum(['REJECT', 'WARN'])
      .nullable()
      .default(null)
      .describe(
        'Expects one row of an entity at an event time (docs/expectations.md). A training set with a value that has several fails (REJECT) or lists it (WARN), and so does a refresh that computes several.',
      ),
    features: z.array(feature).min(1).describe('Its columns.'),
  })
  .describe('One table of values.');

const entityType = z
  .strictObject({
    name: entityTypeName,
    renamedFrom: resourceName(60).nullable().default(null).describe(BEFORE),
    pluralName: resourceName(60)
      .optional()
      .describe('The name of a list in the typed schema; English plural if absent.'),
    description: z.string().nullable().default(null).describe('What one entity is.'),
    entityIdColumns: z
      .array(columnName)
      .min(1)
      .max(8)
      .default(['entity_id'])
      .describe('The columns of the id; several make a composite id.'),
    ttlSeconds,
    dense: z
      .boolean()
      .default(false)
      .describe('true: the newest whole row counts, nulls included. false: the newest non-null value of each feature.'),
    sources: z.array(source).min(1).describe('The tables its features come from.'),
  })
  .describe('A kind of thing with an id.');

const STORES_WITH_LOCAL_SCHEDULES = ONLINE_STORE_KINDS.filter(
  (kind) => describeOnlineStore({ kind }).syncedBy === 'GATEWAY',
).join(' and ');

const featureView = z
  .strictObject({
    name: resourceName(60).describe('Unique in its featurestore.'),
    entityType: entityTypeName.describe('The entity type it selects from.'),
    features: z.array(featureName).min(1).describe('The names of its features, in order.'),
    schedule: z
      .string()
      .nullable()
      .default(null)
      .describe(
        `When it is synced: five fields of cron in UTC, or in the time zone put before them, as in CRON_TZ=Europe/Zurich 0 3 * * *. The gateway keeps it for ${STORES_WITH_LOCAL_SCHEDULES}; Vertex AI keeps its own.`,
      ),
  })
  .describe('A named selection of features served together.');

const featurestore = z
  .strictObject({
    name: featurestoreName,
    description: z.string().nullable().default(null).describe('What it holds.'),
    labels,
    onlineStore: onlineStore.default({ kind: 'LMDB' }).describe('Where the newest values live.'),
    shadow: z
      .strictObject({
        onlineStore: onlineStore.describe('The store to compare with.'),
        share: z.number().min(0).max(1).describe('The share of reads that are compared. Writes always go to both.'),
      })
      .nullable()
      .default(null)
      .describe(
        'A second online store, written beside the first and compared with it, before a move from one to another.',
      ),
    offlineStore: offlineStore.default({ kind: 'DUCKDB' }).describe('Where all values live.'),
    tables: z.record(resourceName(60), tableFile).prefault({}).describe('Files the SQL may read, by name.'),
    entityTypes: z.array(entityType).min(1).describe('Its kinds of things.'),
    featureViews: z.array(featureView).default([]).describe('Named selections of features.'),
    streams: z.array(stream).default([]).describe('Messages of brokers that become values (docs/streaming.md).'),
    monitors: z.array(monitor).max(200).default([]).describe('Checks of features over time (docs/monitors.md).'),
  })
  .describe('A namespace of entity types.');

export const registryDocument = z
  .strictObject({
    featurestores: z.array(featurestore).default([]).describe('The featurestores.'),
    vertexFeaturestores,
    models: modelEntries,
  })
  .describe('A featuregraph registry: what exists, and where its values live.');

export type RegistryDocument = z.infer<typeof registryDocument>;
export type FeaturestoreDocument = RegistryDocument['featurestores'][number];
/** A featurestore as a file has it, without defaulted fields. */
export type FeaturestoreInput = z.input<typeof featurestore>;
export type EntityTypeDocument = FeaturestoreDocument['entityTypes'][number];
export type SourceDocument = EntityTypeDocument['sources'][number];
export type FeatureDocument = SourceDocument['features'][number];

/** The JSON Schema of a registry file for editors. */
export function registryJsonSchema(): object {
  return z.toJSONSchema(registryDocument, { io: 'input' });
}
