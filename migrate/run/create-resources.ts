import { OperatorError } from '../../errors/operator-error.js';
import { formatTablePath } from '../../datasources/google/bigquery/tables.js';
import { GRPC_STATUS, readGrpcCode } from '../../datasources/google/grpc-status.js';
import { ADMIN_POLICY, withRetry } from '../../datasources/google/retry-policy.js';
import {
  featureGroupName,
  featureOnlineStoreName,
  featureViewName,
  locationName,
  parseResourceId,
} from '../../datasources/google/vertex/resource-names.js';
import { toChunks } from '../../runtime/to-chunks.js';
import { ALREADY_THERE, createOnce, waitForEarlier, waitForOperation } from './operations.js';
import type { StepExecutor } from './step-context.js';

export const createFeatureGroup: StepExecutor<'feature-group'> = async (step, context) => {
  const client = await context.services.vertex.featureGroups();
  const inputUri = `bq://${formatTablePath(step.table)}`;
  const name = featureGroupName(step, step.group);
  return createOnce(
    step,
    {
      client,
      get: async (timeout) => (await client.getFeatureGroup({ name }, { timeout }))[0],
      create: async (timeout) => {
        const featureGroup = {
          bigQuery: {
            bigQuerySource: { inputUri },
            entityIdColumns: ['entity_id'],
            timeSeries: { timestampColumn: step.timeColumn },
          },
          description: step.description,
          labels: step.labels,
        };
        const request = { parent: locationName(step), featureGroupId: step.group, featureGroup };
        return (await client.createFeatureGroup(request, { timeout }))[0];
      },
      findDifference: ({ bigQuery }) => {
        if (bigQuery?.bigQuerySource?.inputUri !== inputUri) return 'it has another table';
        if (bigQuery.timeSeries?.timestampColumn !== step.timeColumn) return 'it has another time column';
        if (bigQuery.entityIdColumns?.join() !== 'entity_id') return 'it has other id columns';
        return undefined;
      },
    },
    context,
  );
};

/**
 * How many features one request makes. A request for the 700 features of a type could exceed the quota of features a
 * minute by itself, and then it could never succeed. One for the whole quota succeeds only in a minute without any
 * other creation.
 */
const FEATURES_PER_REQUEST = 25;
const ROUNDS = 3;

/** Makes the features that are missing, in chunks. The features of a begun chunk are found by the next look. */
export const createFeatures: StepExecutor<'features'> = async (step, context) => {
  const { state, services, signal } = context;
  const client = await services.vertex.featureGroups();
  const parent = featureGroupName(step, step.group);
  const listMissing = async () => {
    const [listed] = await withRetry(ADMIN_POLICY, (timeout) => client.listFeatures({ parent }, { timeout }));
    const there = new Set(listed.map(({ name }) => parseResourceId(name)));
    return step.features.filter(({ name }) => !there.has(name));
  };
  const known = state.progressOf(step.id)?.operation ?? null;
  if (known !== null) await waitForEarlier(client, known, context);
  let missing = await listMissing();
  if (missing.length === 0) return known === null ? ALREADY_THERE : null;
  for (let round = 0; missing.length > 0 && round < ROUNDS; round += 1) {
    for (const chunk of toChunks(missing, FEATURES_PER_REQUEST)) {
      const requests = chunk.map(({ name, description, labels }) => ({
        parent,
        featureId: name,
        feature: { description, labels },
      }));
      const create = () =>
        withRetry(services.createPolicy, async (timeout) => {
          const [started] = await client.batchCreateFeatures({ parent, requests }, { timeout });
          return started.name ?? null;
        });
      const operation = await services.featureCreations.run(chunk.length, signal, create).catch((error: unknown) => {
        // A chunk whose answer was lost, or features that others made: the next round has only the missing ones.
        if (readGrpcCode(error) === GRPC_STATUS.ALREADY_EXISTS) return null;
        throw error;
      });
      if (operation === null) continue;
      await state.note(step.id, { operation });
      await waitForOperation(client, operation, context);
    }
    missing = await listMissing();
  }
  if (missing.length === 0) return null;
  throw new OperatorError(`${step.title}: ${missing.length} of them are not there, such as ${missing[0]!.name}.`);
};

export const createOnlineStore: StepExecutor<'online-store'> = async (step, context) => {
  const client = await context.services.vertex.featureOnlineStores();
  const name = featureOnlineStoreName(step, step.onlineStore);
  return createOnce(
    step,
    {
      client,
      get: async (timeout) => (await client.getFeatureOnlineStore({ name }, { timeout }))[0],
      create: async (timeout) => {
        const featureOnlineStore = { bigtable: { autoScaling: { minNodeCount: 1, maxNodeCount: step.maxNodes } } };
        const request = { parent: locationName(step), featureOnlineStoreId: step.onlineStore, featureOnlineStore };
        return (await client.createFeatureOnlineStore(request, { timeout }))[0];
      },
      // Optimized serving ends on the same day as the legacy featurestore.
      findDifference: ({ bigtable }) => (bigtable ? undefined : 'it does not have Bigtable serving'),
    },
    context,
  );
};

export const createView: StepExecutor<'view'> = async (step, context) => {
  const client = await context.services.vertex.featureOnlineStores();
  const name = featureViewName(step, step.onlineStore, step.view);
  return createOnce(
    step,
    {
      client,
      get: async (timeout) => (await client.getFeatureView({ name }, { timeout }))[0],
      create: async (timeout) => {
        const featureView = {
          featureRegistrySource: {
            featureGroups: step.groups,
            ...(step.projectNumber === null ? {} : { projectNumber: step.projectNumber }),
          },
          syncConfig: { cron: step.cron },
          // The view has its own service account. With the project's account, everyone who may create a view could read
          // every table.
          serviceAgentType: 'SERVICE_AGENT_TYPE_FEATURE_VIEW' as const,
        };
        const parent = featureOnlineStoreName(step, step.onlineStore);
        return (await client.createFeatureView({ parent, featureViewId: step.view, featureView }, { timeout }))[0];
      },
      findDifference: ({ featureRegistrySource }) => {
        const textOf = (groups: readonly { featureGroupId?: string | null; featureIds?: string[] | null }[]): string =>
          JSON.stringify(
            groups.map(({ featureGroupId, featureIds }) => [featureGroupId, featureIds?.toSorted()]).toSorted(),
          );
        const isSame = textOf(featureRegistrySource?.featureGroups ?? []) === textOf(step.groups);
        return isSame ? undefined : 'it has other features';
      },
    },
    context,
  );
};
