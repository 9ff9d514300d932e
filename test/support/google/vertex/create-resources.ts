import { LIMITS } from '../limits.js';
import { toProtoTime } from '../../../../datasources/google/vertex/proto-time.js';
import { refuse } from './refusal.js';
import { TestView, type FeatureViewWorld } from './feature-views.js';
import { storedTypeOf } from './bigquery-types.js';
import type { StoredType } from './stored-values.js';
import type { VertexService } from '../vertex-server.js';

const ID = /^[a-z_][a-z0-9_]*$/;
const { vertex: LIMIT } = LIMITS;

/** CreateFeatureGroup and BatchCreateFeatures. */
export function registryCreations(world: FeatureViewWorld): VertexService['single'] {
  return {
    CreateFeatureGroup: ({ parent, featureGroupId, featureGroup }) => {
      checkId('feature_group_id', featureGroupId, LIMIT.featureGroupIdLength.value);
      const name = `${parent}/featureGroups/${featureGroupId}`;
      if (world.featureGroups.has(name)) refuse('ALREADY_EXISTS', `Feature group ${name} already exists.`);
      checkQuota('feature groups', count(world.featureGroups.keys(), parent), LIMIT.featureGroups.value);
      const uri = featureGroup.bigQuery?.bigQuerySource?.inputUri ?? '';
      if (!/^bq:\/\/[^.]+\.[^.]+\.[^.]+$/.test(uri)) refuse('INVALID_ARGUMENT', `Invalid BigQuery URI: ${uri}`);
      const { columns, timeColumn } = {
        columns: featureGroup.bigQuery.entityIdColumns as string[],
        timeColumn: featureGroup.bigQuery.timeSeries?.timestampColumn as string | undefined,
      };
      const table = world.tableOf(uri);
      for (const column of [...columns, ...(timeColumn === undefined ? [] : [timeColumn])]) {
        if (!table.fields.some((field) => field.name === column)) {
          refuse('INVALID_ARGUMENT', `Column ${column} is not in the source of the feature group`);
        }
      }
      world.featureGroups.set(name, { resource: { ...featureGroup, name }, features: [] });
      return world.operations.start({
        parent: name,
        metadataType: 'CreateFeatureGroupOperationMetadata',
        responseType: 'FeatureGroup',
        finish: () => ({ name }),
      });
    },
    BatchCreateFeatures: ({ parent, requests }) => {
      const group = world.featureGroups.get(parent) ?? refuse('NOT_FOUND', `${parent} not found`);
      const known = new Set(group.features.map(({ name }) => name));
      if (requests.length > LIMIT.featuresPerBatch.value) {
        refuse('RESOURCE_EXHAUSTED', 'Quota exceeded for feature creation');
      }
      const added = requests.map((request: any) => {
        if (request.parent !== '' && request.parent !== parent) refuse('INVALID_ARGUMENT', 'another parent');
        checkId('feature_id', request.featureId, LIMIT.featureIdLength.value);
        const name = `${parent}/features/${request.featureId}`;
        if (known.has(name)) refuse('ALREADY_EXISTS', `Feature ${name} already exists.`);
        known.add(name);
        return { ...request.feature, name };
      });
      group.features.push(...added);
      return world.operations.start({
        parent,
        metadataType: 'BatchCreateFeaturesOperationMetadata',
        responseType: 'BatchCreateFeaturesResponse',
        finish: () => ({ features: added.map(({ name }: any) => ({ name })) }),
      });
    },
  };
}

/** CreateFeatureOnlineStore and CreateFeatureView. */
export function onlineCreations(world: FeatureViewWorld): VertexService['single'] {
  return {
    CreateFeatureOnlineStore: ({ parent, featureOnlineStoreId, featureOnlineStore }) => {
      checkId('feature_online_store_id', featureOnlineStoreId, LIMIT.onlineStoreIdLength.value);
      const name = `${parent}/featureOnlineStores/${featureOnlineStoreId}`;
      if (world.onlineStores.has(name)) refuse('ALREADY_EXISTS', `${name} already exists.`);
      checkQuota('online stores', count(world.onlineStores.keys(), parent), LIMIT.onlineStores.value);
      const { minNodeCount = 0, maxNodeCount = 0 } = featureOnlineStore.bigtable?.autoScaling ?? {};
      if (featureOnlineStore.bigtable && (minNodeCount < 1 || maxNodeCount > 10 * minNodeCount)) {
        refuse(
          'INVALID_ARGUMENT',
          'Field: bigtable.auto_scaling; Message: max_node_count is at most 10 * min_node_count',
        );
      }
      world.onlineStores.set(name, { resource: { ...featureOnlineStore, name, state: 'STABLE' }, views: new Map() });
      return world.operations.start({
        parent: name,
        metadataType: 'CreateFeatureOnlineStoreOperationMetadata',
        responseType: 'FeatureOnlineStore',
        finish: () => ({ name }),
      });
    },
    CreateFeatureView: ({ parent, featureViewId, featureView }) => {
      checkId('feature_view_id', featureViewId, LIMIT.featureViewIdLength.value);
      const store = world.onlineStores.get(parent) ?? refuse('NOT_FOUND', `${parent} not found`);
      const name = `${parent}/featureViews/${featureViewId}`;
      if (store.views.has(name)) refuse('ALREADY_EXISTS', `${name} already exists.`);
      const [region = ''] = parent.split('/featureOnlineStores/');
      const inRegion = [...world.onlineStores].filter(([other]) => other.startsWith(`${region}/`));
      const views = inRegion.reduce((sum, [, { views: of }]) => sum + of.size, 0);
      checkQuota('feature views', views, world.viewQuota);
      const features: Record<string, StoredType> = {};
      for (const { featureGroupId, featureIds } of featureView.featureRegistrySource?.featureGroups ?? []) {
        const groupName = `${world.groupRegionOf(featureView, region)}/featureGroups/${featureGroupId}`;
        const group = world.featureGroups.get(groupName) ?? refuse('NOT_FOUND', `${groupName} not found`);
        const { fields } = world.tableOf(group.resource.bigQuery.bigQuerySource.inputUri);
        for (const id of featureIds) {
          if (!group.features.some((feature) => feature.name === `${groupName}/features/${id}`)) {
            refuse('NOT_FOUND', `Feature ${id} not found in ${groupName}`);
          }
          if (id in features) refuse('INVALID_ARGUMENT', `Feature ${id} is in two feature groups of the view`);
          const field = fields.find((one) => one.name === id) ?? refuse('NOT_FOUND', `there is no column ${id}`);
          features[id] = storedTypeOf(field);
        }
      }
      const account = `service-view-${featureViewId}@gcp-sa-aiplatform-fv.iam.gserviceaccount.com`;
      const resource = {
        ...featureView,
        name,
        createTime: toProtoTime(world.now()),
        ...(featureView.serviceAgentType === 'SERVICE_AGENT_TYPE_FEATURE_VIEW' ? { serviceAccountEmail: account } : {}),
      };
      store.views.set(name, new TestView(resource, { features, syncedAt: null }));
      return world.operations.start({
        parent: name,
        metadataType: 'CreateFeatureViewOperationMetadata',
        responseType: 'FeatureView',
        finish: () => ({ name }),
      });
    },
  };
}

function checkId(field: string, id: string, most: number): void {
  if (!ID.test(id) || id.length > most) refuse('INVALID_ARGUMENT', `Field: ${field}; Message: "${id}" is no id`);
}

function checkQuota(what: string, there: number, quota: number): void {
  if (there >= quota) refuse('RESOURCE_EXHAUSTED', `Quota exceeded: ${quota} ${what} in a project and region`);
}

function count(names: Iterable<string>, parent: string): number {
  return [...names].filter((name) => name.startsWith(`${parent}/`)).length;
}
