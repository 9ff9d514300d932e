import { findView } from '../../registry/find-view.js';
import type { protos } from '@google-cloud/aiplatform';
import type { Clock } from '../../../values/clock.js';
import { formatInstant } from '../../../values/instant.js';
import type { Finding } from '../../diagnosis.js';
import type { EntityType, VertexFeatureViewSettings } from '../../registry/model.js';
import { ADMIN_POLICY, withRetry } from '../../google/retry-policy.js';
import { endOfService } from '../../google/vertex/end-of-service.js';
import { accessFinding } from '../../google/vertex/access-finding.js';
import { fromProtoTime } from '../../google/vertex/proto-time.js';
import { featureOnlineStoreName, featureViewName } from '../../google/vertex/resource-names.js';
import { VertexClients, type ClientOptions } from '../../google/vertex/vertex-clients.js';

type FeatureView = protos.google.cloud.aiplatform.v1.IFeatureView;

/**
 * A role that can view resources and read values. aiplatform.featurestoreUser has no permission on feature views,
 * despite its name.
 */
const READER = 'roles/aiplatform.featurestoreDataViewer';
/**
 * The smallest role with featureViews.directWrite. featurestoreDataWriter can write to the legacy feature store only.
 */
const WRITER = 'roles/aiplatform.user';

/**
 * Checks that the online store exists, has a view for each entity type, and serves the features of the registry in each
 * view.
 */
export async function* diagnoseVertexView(
  settings: VertexFeatureViewSettings,
  entityTypes: readonly EntityType[],
  clock: Clock,
  options: ClientOptions = {},
): AsyncGenerator<Finding> {
  const clients = new VertexClients(settings.location, options);
  try {
    const name = featureOnlineStoreName(settings, settings.featureOnlineStore);
    const what = `feature online store ${settings.featureOnlineStore}`;
    let isBigtable: boolean;
    try {
      const admin = await clients.featureOnlineStores();
      const [store] = await withRetry(ADMIN_POLICY, (timeout) => admin.getFeatureOnlineStore({ name }, { timeout }));
      yield { status: 'ok', message: `the ${what} is there` };
      isBigtable = Boolean(store.bigtable);
    } catch (error) {
      yield accessFinding(what, READER, error);
      return;
    }
    if (!isBigtable) {
      yield {
        status: 'fault',
        message: `the ${what} has Optimized serving, which takes no writes and ${endOfService(clock())}`,
        remedy: 'Make one with Bigtable serving, make its views, and name it in the registry.',
      };
    }
    for (const entityType of entityTypes) yield* diagnoseEntityType(clients, settings, entityType, clock);
    yield { status: 'ok', message: `reading needs ${READER}, writing ${WRITER}` };
  } finally {
    await clients.close();
  }
}

async function* diagnoseEntityType(
  clients: VertexClients,
  settings: VertexFeatureViewSettings,
  entityType: EntityType,
  clock: Clock,
): AsyncGenerator<Finding> {
  const { settings: place, view: id } = findView(settings, entityType.name);
  const name = featureViewName(place, place.featureOnlineStore, id);
  const admin = await clients.featureOnlineStores();
  try {
    const [view] = await withRetry(ADMIN_POLICY, (timeout) => admin.getFeatureView({ name }, { timeout }));
    yield { status: 'ok', message: `the feature view ${id} is there` };
    yield* diagnoseFeatures(id, view, entityType);
    yield await diagnoseSync(clients, id, name, clock);
    if (entityType.dense && !view.syncConfig?.cron) {
      yield {
        status: 'warning',
        message: `entity type ${entityType.name} is dense, and the view ${id} serves nulls only with a sync by schedule`,
        remedy: 'Give the view a cron schedule, and its feature groups dense: true.',
      };
    }
  } catch (error) {
    yield accessFinding(`feature view ${id}`, READER, error);
  }
}

function* diagnoseFeatures(id: string, view: FeatureView, entityType: EntityType): Generator<Finding> {
  const groups = view.featureRegistrySource?.featureGroups;
  // A view over a table has all columns of the table; BigQuery has their list.
  if (!groups) return;
  const served = new Set(groups.flatMap(({ featureIds }) => featureIds ?? []));
  const missing = entityType.features.filter((feature) => !served.has(feature.name)).map((feature) => feature.name);
  yield missing.length === 0
    ? { status: 'ok', message: `the view ${id} serves all ${entityType.features.length} features` }
    : {
        status: 'fault',
        message: `the view ${id} does not serve ${missing.join(', ')}, which would always be NULL`,
        remedy: 'Add them to the view, or take them out of the registry.',
      };
}

async function diagnoseSync(clients: VertexClients, id: string, name: string, clock: Clock): Promise<Finding> {
  const admin = await clients.featureOnlineStores();
  const [syncs] = await withRetry(ADMIN_POLICY, (timeout) =>
    admin.listFeatureViewSyncs(
      { parent: name, pageSize: 20, orderBy: 'create_time desc' },
      { timeout, autoPaginate: false },
    ),
  );
  const ended = syncs.filter(({ runTime }) => runTime?.endTime);
  const [last] = ended;
  if (!last) {
    return {
      status: 'fault',
      message: `the view ${id} has never been synced, and serves nothing before`,
      remedy: `Start one: POST ${name}:sync`,
    };
  }
  const at = formatInstant(fromProtoTime(last.runTime?.endTime) ?? clock());
  if ((last.finalStatus?.code ?? 0) === 0) return { status: 'ok', message: `the view ${id} was last synced at ${at}` };
  const isServing = ended.some(({ finalStatus }) => (finalStatus?.code ?? 0) === 0);
  return {
    status: isServing ? 'warning' : 'fault',
    message: `the last sync of the view ${id}, at ${at}, failed: ${last.finalStatus?.message ?? ''}`,
    remedy: 'Look whether the view’s service account may read the tables.',
  };
}
