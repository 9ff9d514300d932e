import { MAX_ENTITY_ID_BYTES } from '../values/entity-id.js';
import { quoteForBigQuery } from '../datasources/offline/point-in-time/bigquery/table.js';
import { locationName, legacyEntityTypeName } from '../datasources/google/vertex/resource-names.js';
import type { FeaturestoreInput } from '../datasources/registry/document/document.js';
import type {
  LegacyEntityType,
  LegacyFeature,
  LegacyFeaturestore,
} from '../datasources/google/vertex/legacy-featurestore.js';
import { isMovable, listMigrationLosses, TIME_COLUMN, type MovableFeature } from './migration-losses.js';

type EntityTypeInput = FeaturestoreInput['entityTypes'][number];

export interface MigrationTarget {
  /** The target of the history: a BigQuery dataset in the featurestore's project, and the dataset's location. */
  readonly dataset: string;
  readonly datasetLocation: string;
  readonly featureOnlineStore: string;
  /**
   * A prefix for the names of tables, feature groups and views. Feature group names are unique in a project and region,
   * and two featurestores may each have an entity type `customer`.
   */
  readonly prefix: string;
}

/** A POST request of Vertex AI's REST API. */
export interface PlannedCall {
  readonly description: string;
  readonly path: string;
  readonly body: object;
}

export interface MigrationPlan {
  readonly exports: readonly PlannedCall[];
  readonly tables: readonly { readonly entityType: string; readonly sql: string }[];
  readonly creations: readonly PlannedCall[];
  /** The first sync of each view, after its service account has permission to read the tables. */
  readonly syncs: readonly PlannedCall[];
  /** A featurestore of a registry file that serves from the legacy featurestore and compares with the new views. */
  readonly registry: Omit<FeaturestoreInput, 'offlineStore'> & {
    readonly offlineStore: { readonly kind: 'BIGQUERY'; project: string; dataset: string; location: string };
  };
  /** One sentence each, with what to do instead. */
  readonly cannotMove: readonly string[];
}

/** The name of a source, from which the table gets its name: `customer__values`. */
const SOURCE = 'values';
/**
 * The initial share of compared reads: enough to find a difference within an hour, and little load on the new store.
 */
const SHADOW_SHARE = 0.01;
/** A view syncs at night by default: each sync reads the tables and is billed. */
const SCHEDULE = 'CRON_TZ=UTC 0 3 * * *';

/** The steps that migrate a legacy featurestore to feature groups and views, from the API's description of it. */
export function planMigration(legacy: LegacyFeaturestore, target: MigrationTarget): MigrationPlan {
  const entityTypes = legacy.entityTypes
    .map((entityType) => ({ entityType, features: entityType.features.filter(isMovable) }))
    .filter(({ features }) => features.length > 0);
  const newName = ({ name }: LegacyEntityType) => `${target.prefix}${name}`;
  const tableOf = (entityType: LegacyEntityType) => `${target.dataset}.${newName(entityType)}__${SOURCE}`;
  const exportOf = (entityType: LegacyEntityType) => `${target.dataset}.legacy_export__${newName(entityType)}`;
  const { project } = legacy.place;
  const root = locationName(legacy.place);

  return {
    exports: legacy.entityTypes
      .filter(({ features }) => features.length > 0)
      .map((entityType) => ({
        description: `the history of ${entityType.name}`,
        path: `${legacyEntityTypeName(legacy.place, legacy.name, entityType.name)}:exportFeatureValues`,
        // A snapshot would give all values the time of the snapshot instead of their own.
        body: {
          fullExport: {},
          destination: { bigqueryDestination: { outputUri: `bq://${project}.${exportOf(entityType)}` } },
          featureSelector: { idMatcher: { ids: ['*'] } },
        },
      })),
    tables: entityTypes.map(({ entityType, features }) => ({
      entityType: entityType.name,
      sql: tableSql(`${project}.${tableOf(entityType)}`, `${project}.${exportOf(entityType)}`, entityType, features),
    })),
    creations: [
      ...entityTypes.flatMap(({ entityType, features }) =>
        groupCalls(root, newName(entityType), `${project}.${tableOf(entityType)}`, entityType, features),
      ),
      {
        description: 'the online store',
        path: `${root}/featureOnlineStores?featureOnlineStoreId=${target.featureOnlineStore}`,
        body: { bigtable: { autoScaling: { minNodeCount: 1, maxNodeCount: Math.min(10, Math.max(1, legacy.nodes)) } } },
      },
      ...entityTypes.map(({ entityType, features }) => ({
        description: `the view of ${entityType.name}`,
        path: `${root}/featureOnlineStores/${target.featureOnlineStore}/featureViews?featureViewId=${newName(entityType)}`,
        body: {
          featureRegistrySource: {
            featureGroups: [{ featureGroupId: newName(entityType), featureIds: features.map(({ name }) => name) }],
          },
          syncConfig: { cron: SCHEDULE },
          // The view has its own service account. With the project's account, everyone who may create a view could read
          // every table.
          serviceAgentType: 'SERVICE_AGENT_TYPE_FEATURE_VIEW',
        },
      })),
    ],
    syncs: entityTypes.map(({ entityType }) => ({
      description: `the first sync of ${entityType.name}`,
      path: `${root}/featureOnlineStores/${target.featureOnlineStore}/featureViews/${newName(entityType)}:sync`,
      body: {},
    })),
    registry: {
      name: legacy.name,
      ...(Object.keys(legacy.labels).length > 0 ? { labels: legacy.labels } : {}),
      onlineStore: { kind: 'VERTEX_LEGACY', ...legacy.place, featurestore: legacy.name },
      shadow: {
        onlineStore: {
          kind: 'VERTEX_FEATURE_VIEW',
          ...legacy.place,
          featureOnlineStore: target.featureOnlineStore,
          ...(target.prefix === ''
            ? {}
            : { views: Object.fromEntries(entityTypes.map(({ entityType: one }) => [one.name, newName(one)])) }),
        },
        share: SHADOW_SHARE,
      },
      offlineStore: { kind: 'BIGQUERY', project, dataset: target.dataset, location: target.datasetLocation },
      entityTypes: entityTypes.map(({ entityType, features }) =>
        planEntityType(legacy, entityType, features, target.prefix === '' ? null : `${newName(entityType)}__${SOURCE}`),
      ),
    },
    cannotMove: listMigrationLosses(legacy),
  };
}

/**
 * Google does not document the columns of an export. Google's own migration kit reads the id of a full export from
 * `entity_type_<entity type>` and the time from `feature_timestamp` (GoogleCloudPlatform/professional-services,
 * tools/vertexai-featurestore-migration-kit: legacy_exporter.py, feature_store_importer.py).
 * googleapis/python-aiplatform agrees: its system tests find the id under that name in tables of the batch read, and no
 * feature may be called `feature_timestamp` (featurestore_utils.py).
 */
function tableSql(
  table: string,
  exported: string,
  { name: entityType }: LegacyEntityType,
  features: readonly LegacyFeature[],
): string {
  // The name of a feature may be a keyword of SQL.
  const names = features.map(({ name }) => quoteForBigQuery(name));
  const columns = [`entity_type_${entityType} AS entity_id`, TIME_COLUMN, ...names];
  return [
    `CREATE TABLE \`${table}\``,
    `PARTITION BY DATE(${TIME_COLUMN}) CLUSTER BY entity_id AS`,
    `SELECT ${columns.join(', ')}`,
    `FROM \`${exported}\`;`,
    '-- Must be 0: two rows of one entity and moment make the newest a matter of chance.',
    `SELECT COUNT(*) FROM (SELECT 1 FROM \`${table}\` GROUP BY entity_id, ${TIME_COLUMN} HAVING COUNT(*) > 1);`,
    '-- Must be 0: ids that featuregraph takes for no entity.',
    `SELECT COUNT(DISTINCT entity_id) FROM \`${table}\` WHERE BYTE_LENGTH(entity_id) > ${MAX_ENTITY_ID_BYTES};`,
  ].join('\n');
}

function groupCalls(
  root: string,
  group: string,
  table: string,
  { name, description, labels }: LegacyEntityType,
  features: readonly LegacyFeature[],
): PlannedCall[] {
  return [
    {
      description: `the feature group of ${name}`,
      path: `${root}/featureGroups?featureGroupId=${group}`,
      body: {
        bigQuery: {
          bigQuerySource: { inputUri: `bq://${table}` },
          entityIdColumns: ['entity_id'],
          timeSeries: { timestampColumn: TIME_COLUMN },
        },
        ...described(description, labels),
      },
    },
    {
      description: `the features of ${name}`,
      path: `${root}/featureGroups/${group}/features:batchCreate`,
      body: {
        requests: features.map((feature) => ({
          parent: `${root}/featureGroups/${group}`,
          featureId: feature.name,
          feature: described(feature.description, feature.labels),
        })),
      },
    },
  ];
}

/** Legacy serving returns the newest non-null value of each feature, so dense stays false. */
function planEntityType(
  { onlineTtlDays }: LegacyFeaturestore,
  { name, description }: LegacyEntityType,
  features: readonly MovableFeature[],
  bigQueryTable: string | null,
): EntityTypeInput {
  return {
    name,
    ...(description === '' ? {} : { description }),
    ...(onlineTtlDays === null ? {} : { ttlSeconds: onlineTtlDays * 86_400 }),
    sources: [
      {
        name: SOURCE,
        timestampColumn: TIME_COLUMN,
        ...(bigQueryTable === null ? {} : { bigQueryTable }),
        features: features.map((feature) => ({
          name: feature.name,
          valueType: feature.valueType,
          ...described(feature.description, feature.labels),
        })),
      },
    ],
  };
}

function described(description: string, labels: LegacyFeature['labels']) {
  return {
    ...(description === '' ? {} : { description }),
    ...(Object.keys(labels).length > 0 ? { labels } : {}),
  };
}
