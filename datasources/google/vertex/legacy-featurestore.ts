import type { Labels } from '../../registry/model.js';
import { ADMIN_POLICY, withRetry } from '../retry-policy.js';
import { legacyFeaturestoreName, locationName, parseResourceId, type VertexPlace } from './resource-names.js';
import type { VertexClients } from './vertex-clients.js';

/** The parts of a Vertex AI Feature Store (Legacy) featurestore that a migration needs. */
export interface LegacyFeaturestore {
  readonly place: VertexPlace;
  readonly name: string;
  readonly labels: Labels;
  /** The nodes of online serving; the maximum when it scales, 0 when it does not serve. */
  readonly nodes: number;
  /** Days after which the online store deletes a value; null for 4,000, which means never. */
  readonly onlineTtlDays: number | null;
  readonly entityTypes: readonly LegacyEntityType[];
}

export interface LegacyEntityType {
  readonly name: string;
  readonly description: string;
  readonly labels: Labels;
  readonly isMonitored: boolean;
  readonly features: readonly LegacyFeature[];
}

export interface LegacyFeature {
  readonly name: string;
  readonly valueType: string;
  readonly description: string;
  readonly labels: Labels;
}

/** The default of the API, a little under eleven years. */
const NO_TTL_DAYS = 4000;

/** The ids of the legacy featurestores of a project and region. */
export async function listLegacyFeaturestores(clients: VertexClients, place: VertexPlace): Promise<string[]> {
  const client = await clients.legacyFeaturestores();
  const parent = locationName(place);
  const [stores] = await withRetry(ADMIN_POLICY, (timeout) => client.listFeaturestores({ parent }, { timeout }));
  return stores.map(({ name }) => parseResourceId(name));
}

/** Reads a legacy featurestore with its entity types and features, in the order of the API. */
export async function readLegacyFeaturestore(
  clients: VertexClients,
  place: VertexPlace,
  featurestore: string,
): Promise<LegacyFeaturestore> {
  const client = await clients.legacyFeaturestores();
  const name = legacyFeaturestoreName(place, featurestore);
  const [store] = await withRetry(ADMIN_POLICY, (timeout) => client.getFeaturestore({ name }, { timeout }));
  const [known] = await withRetry(ADMIN_POLICY, (timeout) => client.listEntityTypes({ parent: name }, { timeout }));
  const entityTypes: LegacyEntityType[] = [];
  for (const entityType of known) {
    const parent = entityType.name ?? '';
    const [features] = await withRetry(ADMIN_POLICY, (timeout) => client.listFeatures({ parent }, { timeout }));
    const monitoring = entityType.monitoringConfig;
    entityTypes.push({
      name: parseResourceId(entityType.name),
      description: entityType.description ?? '',
      labels: entityType.labels ?? {},
      isMonitored:
        Boolean(monitoring?.snapshotAnalysis && !monitoring.snapshotAnalysis.disabled) ||
        Boolean(monitoring?.importFeaturesAnalysis),
      features: features.map((feature) => ({
        name: parseResourceId(feature.name),
        valueType: String(feature.valueType),
        description: feature.description ?? '',
        labels: feature.labels ?? {},
      })),
    });
  }
  const { fixedNodeCount, scaling } = store.onlineServingConfig ?? {};
  const days = store.onlineStorageTtlDays ?? 0;
  return {
    place,
    name: featurestore,
    labels: store.labels ?? {},
    nodes: scaling?.maxNodeCount ?? scaling?.minNodeCount ?? fixedNodeCount ?? 0,
    onlineTtlDays: days === 0 || days >= NO_TTL_DAYS ? null : days,
    entityTypes,
  };
}
