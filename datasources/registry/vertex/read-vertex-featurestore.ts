import type { protos } from '@google-cloud/aiplatform';
import { OperatorError } from '../../../errors/operator-error.js';
import { ADMIN_POLICY, withRetry } from '../../google/retry-policy.js';
import { GRPC_STATUS, readGrpcCode } from '../../google/grpc-status.js';
import { forEachConcurrent } from '../../../runtime/for-each-concurrent.js';
import { featureOnlineStoreName, parseResourceId, locationName } from '../../google/vertex/resource-names.js';
import type { VertexClients } from '../../google/vertex/vertex-clients.js';
import { registryDocument, type FeaturestoreDocument, type FeaturestoreInput } from '../document/document.js';
import { findFaults } from '../document/find-faults.js';
import { vertexFeaturestoreName, type VertexFeaturestoreDocument } from '../document/vertex-featurestore-document.js';
import { toAccessError } from './access-error.js';
import { ViewDescriber, type DescribedView } from './describe-view.js';
import type { ReadTable } from './table-schema.js';

type FeatureView = protos.google.cloud.aiplatform.v1.IFeatureView;

/** Vertex AI's quota of such requests is 600 per minute and project. */
const MAX_CONCURRENT_VIEWS = 4;

export interface VertexFeaturestore {
  /** In the form of a registry file. */
  readonly input: FeaturestoreInput;
  readonly document: FeaturestoreDocument;
  /** The parts that the gateway cannot use, one sentence each. */
  readonly leftOut: readonly string[];
}

/**
 * Reads a feature online store as a featurestore. Reads by id use feature views, so each view is an entity type with
 * its name, and its feature groups are the sources. The types of features are those of the BigQuery columns, because
 * Vertex AI has none. In a view over a table without feature groups, all columns are features. The same tables are the
 * offline store. Throws an OperatorError with the remedy when it cannot.
 */
export async function readVertexFeaturestore(
  entry: VertexFeaturestoreDocument,
  clients: VertexClients,
  readTable: ReadTable,
): Promise<VertexFeaturestore> {
  try {
    return await read(entry, clients, readTable);
  } catch (error) {
    throw error instanceof OperatorError ? error : toAccessError(subject(entry), entry.project, error);
  }
}

async function read(
  entry: VertexFeaturestoreDocument,
  clients: VertexClients,
  readTable: ReadTable,
): Promise<VertexFeaturestore> {
  const { project, location, featureOnlineStore, usePreview, description } = entry;
  const { maximumBytesBilled, timeoutSeconds } = entry;
  const place = { project, location };
  const admin = await clients.featureOnlineStores();
  const parent = featureOnlineStoreName(place, featureOnlineStore);
  const [store] = await withRetry(ADMIN_POLICY, (timeout) =>
    admin.getFeatureOnlineStore({ name: parent }, { timeout }),
  ).catch(async (error: unknown) => {
    if (readGrpcCode(error) !== GRPC_STATUS.NOT_FOUND) throw error;
    throw await toStoreNotFoundError(entry, clients);
  });
  const [all] = await withRetry(ADMIN_POLICY, (timeout) => admin.listFeatureViews({ parent }, { timeout }));
  const views = chosenViews(entry, all);
  const describer = new ViewDescriber(clients, place, readTable, Boolean(store.bigtable));
  const described = await describeAll(describer, views);
  const leftOut = described.flatMap((view) => view.skipped);
  if (entry.featureViews === null) leftOut.push(...(await groupsInNoView(entry, clients, views)));
  const entityTypes = described.flatMap(({ entityType, schedule }) => (entityType ? [{ entityType, schedule }] : []));
  if (entityTypes.length === 0) throw new OperatorError(`The ${subject(entry)} has no feature view to read.`, leftOut);
  const input: FeaturestoreInput = {
    name: vertexFeaturestoreName(entry),
    ...(description === null ? {} : { description }),
    ...(Object.keys(store.labels ?? {}).length > 0 ? { labels: store.labels as Record<string, string> } : {}),
    onlineStore: { kind: 'VERTEX_FEATURE_VIEW', ...place, featureOnlineStore, ...(usePreview ? {} : { usePreview }) },
    offlineStore: {
      kind: 'BIGQUERY',
      project,
      location: commonLocation(entry, described),
      createTables: false,
      ...(maximumBytesBilled === null ? {} : { maximumBytesBilled }),
      timeoutSeconds,
    },
    entityTypes: entityTypes.map(({ entityType: { name, ...rest } }) => ({
      name,
      ...(Object.hasOwn(entry.pluralNames, name) ? { pluralName: entry.pluralNames[name] } : {}),
      ...(Object.hasOwn(entry.ttlSeconds, name) ? { ttlSeconds: entry.ttlSeconds[name] } : {}),
      ...rest,
    })),
    featureViews: entityTypes.map(({ entityType: { name, sources }, schedule }) => ({
      name,
      entityType: name,
      features: sources.flatMap(({ features }) => features.map((feature) => feature.name)),
      ...(schedule === null ? {} : { schedule }),
    })),
  };
  return { input, document: validated(entry, input), leftOut };
}

/** The ids of the feature online stores of a project in a region. Throws an OperatorError with the remedy. */
export async function listFeatureOnlineStores(
  { project, location }: Pick<VertexFeaturestoreDocument, 'project' | 'location'>,
  clients: VertexClients,
): Promise<string[]> {
  const parent = locationName({ project, location });
  try {
    const admin = await clients.featureOnlineStores();
    const [stores] = await withRetry(ADMIN_POLICY, (timeout) => admin.listFeatureOnlineStores({ parent }, { timeout }));
    return stores.map(({ name }) => parseResourceId(name));
  } catch (error) {
    throw toAccessError(`feature online stores of project ${project} in ${location}`, project, error);
  }
}

async function toStoreNotFoundError(entry: VertexFeaturestoreDocument, clients: VertexClients): Promise<OperatorError> {
  const { project, location, featureOnlineStore } = entry;
  // Report that the store is missing even when listing the stores is not permitted.
  const known = await listFeatureOnlineStores(entry, clients).catch(() => undefined);
  const hint =
    known && (known.length === 0 ? 'There are none. Look at the region.' : `There are: ${known.join(', ')}.`);
  return new OperatorError(
    `There is no feature online store "${featureOnlineStore}" in project ${project}, ${location}.`,
    hint === undefined ? [] : [hint],
  );
}

function chosenViews(entry: VertexFeaturestoreDocument, all: readonly FeatureView[]): FeatureView[] {
  const known = new Map(all.map((view) => [parseResourceId(view.name), view]));
  const wanted = entry.featureViews ?? [...known.keys()];
  const named = [...wanted, ...Object.keys(entry.ttlSeconds), ...Object.keys(entry.pluralNames)];
  const missing = named.filter((name) => !known.has(name));
  if (missing.length > 0) {
    throw new OperatorError(
      `The ${subject(entry)} does not have what the registry names:`,
      [...new Set(missing)].map((name) => `there is no feature view "${name}", only: ${[...known.keys()].join(', ')}`),
    );
  }
  return wanted.map((name) => known.get(name)!);
}

/**
 * Returns results in the order of the views. After a failure it still waits for the running calls, because a closed
 * client must not be called.
 */
async function describeAll(describer: ViewDescriber, views: readonly FeatureView[]): Promise<DescribedView[]> {
  const described = new Map<FeatureView, Promise<DescribedView>>();
  try {
    await forEachConcurrent(views, MAX_CONCURRENT_VIEWS, async (view) => {
      const description = describer.describe(view);
      described.set(view, description);
      await description;
    });
  } finally {
    await Promise.allSettled(described.values());
  }
  return Promise.all(views.map((view) => described.get(view)!));
}

/** Reads by id use views. A group in no view has values in BigQuery only, and is no entity type here. */
async function groupsInNoView(
  { project, location }: VertexFeaturestoreDocument,
  clients: VertexClients,
  views: readonly FeatureView[],
): Promise<string[]> {
  const registry = await clients.featureGroups();
  const parent = locationName({ project, location });
  const groups = await withRetry(ADMIN_POLICY, async (timeout) => {
    const [all] = await registry.listFeatureGroups({ parent }, { timeout });
    return all;
  }).catch((error: unknown) => {
    // This hint is optional: an operator who may see only some groups can still read those.
    if (readGrpcCode(error) === GRPC_STATUS.PERMISSION_DENIED) return [];
    throw error;
  });
  const served = new Set(
    views.flatMap(({ featureRegistrySource }) =>
      (featureRegistrySource?.featureGroups ?? []).map(({ featureGroupId }) => featureGroupId),
    ),
  );
  const idle = groups.map(({ name }) => parseResourceId(name)).filter((id) => !served.has(id));
  if (idle.length === 0) return [];
  return [`Feature groups in no view of this online store, which cannot be read by an id: ${idle.join(', ')}.`];
}

/** The location of the tables, where the queries run. */
function commonLocation(entry: VertexFeaturestoreDocument, described: readonly DescribedView[]): string {
  const byLocation = Map.groupBy(
    described
      .filter(({ entityType }) => entityType)
      .flatMap(({ name, tables }) => tables.map((table) => ({ name, ...table }))),
    ({ location }) => location.toLowerCase(),
  );
  const [first, ...others] = byLocation.values();
  if (others.length === 0) return first![0]!.location;
  throw new OperatorError(
    `The ${subject(entry)} has tables in several locations, and a query finds only those where it runs. ` +
      'Read it as several featurestores, each with a name and the featureViews of one location:',
    [...byLocation.values()].map((tables) => {
      const names = [...new Set(tables.map(({ name, path }) => `${name} (${path})`))];
      return `${tables[0]!.location}: ${names.join(', ')}`;
    }),
  );
}

function validated(entry: VertexFeaturestoreDocument, input: FeaturestoreInput): FeaturestoreDocument {
  const parsed = registryDocument.safeParse({ featurestores: [input] });
  const faults = parsed.success ? findFaults(parsed.data) : parsed.error.issues;
  const [document] = parsed.data?.featurestores ?? [];
  if (document && faults.length === 0) return document;
  throw new OperatorError(
    `The ${subject(entry)} does not make a featurestore:`,
    faults.map(({ path, message }) => `${path.slice(2).map(String).join('.')}: ${message}`),
  );
}

function subject({ featureOnlineStore, project, location }: VertexFeaturestoreDocument): string {
  return `feature online store "${featureOnlineStore}" of project ${project} in ${location}`;
}
