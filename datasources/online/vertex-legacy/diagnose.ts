import type { Clock } from '../../../values/clock.js';
import type { ValueType } from '../../../values/value-type.js';
import type { Finding } from '../../diagnosis.js';
import type { EntityType, Feature, VertexLegacySettings } from '../../registry/model.js';
import { readLegacyFeaturestore, type LegacyFeaturestore } from '../../google/vertex/legacy-featurestore.js';
import { endOfService } from '../../google/vertex/end-of-service.js';
import { accessFinding } from '../../google/vertex/access-finding.js';
import { VertexClients, type ClientOptions } from '../../google/vertex/vertex-clients.js';

const READER = 'roles/aiplatform.featurestoreDataViewer';

/**
 * Checks that the legacy featurestore exists, serves and has the features of the registry, and tells how long the API
 * will exist.
 */
export async function* diagnoseVertexLegacy(
  settings: VertexLegacySettings,
  entityTypes: readonly EntityType[],
  clock: Clock,
  options: ClientOptions = {},
): AsyncGenerator<Finding> {
  const clients = new VertexClients(settings.location, options);
  let legacy: LegacyFeaturestore;
  try {
    legacy = await readLegacyFeaturestore(clients, settings, settings.featurestore);
  } catch (error) {
    yield accessFinding(`legacy featurestore ${settings.featurestore}`, READER, error);
    return;
  } finally {
    await clients.close();
  }
  yield { status: 'ok', message: `the legacy featurestore ${legacy.name} is there` };
  yield {
    status: 'warning',
    message: `Vertex AI Feature Store (Legacy) ${endOfService(clock())}`,
    remedy: `featuregraph migrate plan --project ${settings.project} --location ${settings.location} --featurestore ${settings.featurestore} --dataset DATASET`,
  };
  if (legacy.nodes === 0) {
    yield {
      status: 'fault',
      message: `the legacy featurestore ${legacy.name} has no online serving nodes`,
      remedy: 'Give it at least one node, or serve from another store.',
    };
  }
  for (const entityType of entityTypes) yield diagnoseEntityType(legacy, entityType);
}

function diagnoseEntityType(legacy: LegacyFeaturestore, entityType: EntityType): Finding {
  const found = legacy.entityTypes.find(({ name }) => name === entityType.name);
  if (!found) {
    return {
      status: 'fault',
      message: `there is no entity type ${entityType.name}, only: ${legacy.entityTypes.map(({ name }) => name).join(', ')}`,
      remedy: 'Name the entity types in the registry as they are named there.',
    };
  }
  const types = new Map(found.features.map(({ name, valueType }) => [name, valueType]));
  const wrong = entityType.features.flatMap((feature) => findFeatureFault(feature, types.get(feature.name)) ?? []);
  return wrong.length === 0
    ? { status: 'ok', message: `entity type ${entityType.name} has all ${entityType.features.length} features` }
    : {
        status: 'fault',
        message: `entity type ${entityType.name}: ${wrong.join(', ')}`,
        remedy: 'Correct the features in the registry.',
      };
}

/** The legacy store has no TIMESTAMP: it stores a TIMESTAMP of the registry as INT64, in microseconds. */
const LEGACY_VALUE_TYPES = {
  BOOL: 'BOOL',
  BOOL_ARRAY: 'BOOL_ARRAY',
  DOUBLE: 'DOUBLE',
  DOUBLE_ARRAY: 'DOUBLE_ARRAY',
  INT64: 'INT64',
  INT64_ARRAY: 'INT64_ARRAY',
  STRING: 'STRING',
  STRING_ARRAY: 'STRING_ARRAY',
  BYTES: 'BYTES',
  STRUCT: 'STRUCT',
  TIMESTAMP: 'INT64',
} satisfies Record<ValueType, string>;

function findFeatureFault({ name, valueType }: Feature, stored: string | undefined): string | undefined {
  const wanted = LEGACY_VALUE_TYPES[valueType];
  if (stored === undefined) return `there is no feature ${name}`;
  return stored === wanted ? undefined : `feature ${name} is ${stored} there, not ${wanted}`;
}
