import { fromProtoTime } from '../../../../datasources/google/vertex/proto-time.js';
import type { Instant } from '../../../../values/instant.js';
import { LIMITS } from '../limits.js';
import type { Tables } from '../bigquery-server/tables.js';
import { exportValues } from './export-values.js';
import { Operations } from './operations.js';
import { paginate } from './paginate.js';
import { refuse } from './refusal.js';
import { checkValue, StoredValues, withTime, type StoredType } from './stored-values.js';
import type { Region } from './strict-requests.js';
import type { VertexService } from '../vertex-server.js';

const DAY = 86_400_000_000n;
const ID = /^[a-z_][a-z0-9_]*$/;

export interface LegacyEntityType {
  readonly resource: any;
  readonly features: Map<string, any>;
  readonly values: StoredValues;
}

export interface LegacyEntityTypeInput {
  readonly features: Readonly<Record<string, StoredType | ({ valueType: StoredType } & Record<string, unknown>)>>;
  readonly resource?: object;
}

/** Vertex AI Feature Store (Legacy): featurestores, entity types, features, and their newest values. */
export class LegacyWorld {
  readonly featurestores = new Map<string, { resource: any; entityTypes: Map<string, LegacyEntityType> }>();
  readonly operations: Operations;
  /** Where exports go. */
  tables: Tables | undefined;
  /** Entity types whose next export fails. */
  readonly exportFailures = new Set<string>();
  /** Spreads the answer of each entity over two messages, as the service does with much data. */
  splitsAnswers = false;

  constructor(
    readonly region: Region,
    readonly now: () => Instant,
    operations?: Operations,
  ) {
    this.operations = operations ?? new Operations(now);
  }

  addFeaturestore(id: string, resource: object = { onlineServingConfig: { fixedNodeCount: 1 } }): void {
    const name = `projects/${this.region.project}/locations/${this.region.location}/featurestores/${id}`;
    this.featurestores.set(name, { resource: { name, state: 'STABLE', ...resource }, entityTypes: new Map() });
  }

  addEntityType(featurestore: string, id: string, input: LegacyEntityTypeInput): LegacyEntityType {
    const parent = `projects/${this.region.project}/locations/${this.region.location}/featurestores/${featurestore}`;
    const name = `${parent}/entityTypes/${id}`;
    const entityType: LegacyEntityType = {
      resource: { name, ...input.resource },
      features: new Map(
        Object.entries(input.features).map(([feature, given]) => [
          feature,
          { name: `${name}/features/${feature}`, ...(typeof given === 'string' ? { valueType: given } : given) },
        ]),
      ),
      values: new StoredValues(),
    };
    for (const resourceId of [id, ...entityType.features.keys()]) {
      if (!ID.test(resourceId)) throw new Error(`"${resourceId}" is no legacy id`);
    }
    this.featurestores.get(parent)!.entityTypes.set(name, entityType);
    return entityType;
  }

  entityType(name: string): LegacyEntityType {
    const [parent = ''] = name.split('/entityTypes/');
    return this.featurestores.get(parent)?.entityTypes.get(name) ?? refuse('NOT_FOUND', `${name} not found`);
  }

  services(): VertexService[] {
    return [this.#descriptions(), this.#values()];
  }

  #descriptions(): VertexService {
    const featurestoreOf = (name: string) => this.featurestores.get(name) ?? refuse('NOT_FOUND', `${name} not found`);
    return {
      version: 'v1',
      name: 'FeaturestoreService',
      proto: 'featurestore_service.proto',
      single: {
        ListFeaturestores: (request) => {
          const inParent = [...this.featurestores.values()].filter(({ resource }) =>
            resource.name.startsWith(`${request.parent}/`),
          );
          const { items, nextPageToken } = paginate(inParent, request, 100);
          return { featurestores: items.map(({ resource }) => resource), nextPageToken };
        },
        ExportFeatureValues: (request) => exportValues(this, request),
        GetFeaturestore: ({ name }) => featurestoreOf(name).resource,
        GetEntityType: ({ name }) => this.entityType(name).resource,
        ListEntityTypes: (request) => {
          const entityTypes = [...featurestoreOf(request.parent).entityTypes.values()];
          const { items, nextPageToken } = paginate(entityTypes, request, 1000);
          return { entityTypes: items.map(({ resource }) => resource), nextPageToken };
        },
        ListFeatures: (request) => {
          const { items, nextPageToken } = paginate(
            [...this.entityType(request.parent).features.values()],
            request,
            1000,
          );
          return { features: items, nextPageToken };
        },
      },
    };
  }

  #values(): VertexService {
    return {
      version: 'v1',
      name: 'FeaturestoreOnlineServingService',
      proto: 'featurestore_online_service.proto',
      single: {
        ReadFeatureValues: (request) => {
          const entityType = this.#online(request.entityType);
          const ids = selected(entityType, request.featureSelector);
          return { header: toHeader(request, ids), entityView: toEntityView(entityType, request.entityId, ids) };
        },
        WriteFeatureValues: (request, { bytes }) => this.#write(request, bytes),
      },
      serverStream: { StreamingReadFeatureValues: (request) => this.#streamingRead(request) },
    };
  }

  *#streamingRead(request: any): Generator<any, void, undefined> {
    const entityType = this.#online(request.entityType);
    if (request.entityIds.length > LIMITS.vertex.entityIdsPerStreamingRead.value)
      refuse('INVALID_ARGUMENT', 'Field: entity_ids; Message: more than 100');
    const ids = selected(entityType, request.featureSelector);
    yield { header: toHeader(request, ids) };
    for (const entityId of request.entityIds) {
      const view = toEntityView(entityType, entityId, ids);
      if (!this.splitsAnswers) {
        yield { entityView: view };
        continue;
      }
      for (const half of [0, 1]) {
        yield { entityView: { entityId, data: view.data.map((data, index) => (index % 2 === half ? data : {})) } };
      }
    }
  }

  #write({ entityType: name, payloads }: any, bytes: number): object {
    const entityType = this.#online(name);
    if (bytes > LIMITS.vertex.writeBytes.value) refuse('INVALID_ARGUMENT', 'The request is larger than 1 MB');
    const values = payloads.flatMap(({ entityId, featureValues }: any) =>
      Object.entries(featureValues as object).map(([feature, value]) => ({ entityId, feature, value })),
    );
    if (values.length > LIMITS.vertex.valuesPerWrite.value)
      refuse('INVALID_ARGUMENT', 'Field: payloads; Message: more than 100000 values');
    for (const { feature, value } of values) {
      const { valueType } = entityType.features.get(feature) ?? refuse('NOT_FOUND', `feature ${feature} not found`);
      checkValue(feature, valueType, value);
      const time = fromProtoTime(value.metadata?.generateTime) ?? this.now();
      const { oldestValueDays: oldest, newestValueDays: newest } = LIMITS.vertex;
      if (time < this.now() - BigInt(oldest.value) * DAY || time > this.now() + BigInt(newest.value) * DAY) {
        refuse('INVALID_ARGUMENT', `feature ${feature}: the time is over 1825 days ago or 366 days ahead`);
      }
    }
    for (const { entityId, feature, value } of values) entityType.values.put(entityId, feature, value, this.now());
    return {};
  }

  /** Without nodes a featurestore has no online store. */
  #online(name: string): LegacyEntityType {
    const entityType = this.entityType(name);
    const { resource } = this.featurestores.get(name.split('/entityTypes/')[0]!)!;
    const { fixedNodeCount = 0, scaling } = resource.onlineServingConfig ?? {};
    if (!fixedNodeCount && !scaling) refuse('FAILED_PRECONDITION', 'The featurestore has no online serving nodes');
    return entityType;
  }
}

function selected(entityType: LegacyEntityType, selector: any): string[] {
  const ids: string[] = [...new Set(selector.idMatcher.ids as string[])];
  if (ids.length === 1 && ids[0] === '*') return [...entityType.features.keys()];
  for (const id of ids) if (!entityType.features.has(id)) refuse('NOT_FOUND', `feature ${id} not found`);
  return ids;
}

function toHeader(request: any, ids: readonly string[]): object {
  return { entityType: request.entityType, featureDescriptors: ids.map((id) => ({ id })) };
}

/** Alike for an entity that is not there and for features without values: cells without data. */
function toEntityView(entityType: LegacyEntityType, entityId: string, ids: readonly string[]) {
  const row = entityType.values.row(entityId);
  const data = ids.map((id) => {
    const stored = row?.get(id);
    return stored ? { data: 'value', value: withTime(stored) } : {};
  });
  return { entityId, data };
}
