import { status } from '@grpc/grpc-js';
import { toProtoTime } from '../../../../datasources/google/vertex/proto-time.js';
import type { Instant } from '../../../../values/instant.js';
import { LIMITS } from '../limits.js';
import type { StoredTable, Tables } from '../bigquery-server/tables.js';
import { onlineCreations, registryCreations } from './create-resources.js';
import { Operations } from './operations.js';
import { endSyncFromBigQuery } from './sync-from-bigquery.js';
import { paginate } from './paginate.js';
import { refuse, Refusal } from './refusal.js';
import { checkValue, StoredValues, withTime, type StoredType } from './stored-values.js';
import type { Region } from './strict-requests.js';
import type { CallContext, VertexService } from '../vertex-server.js';

/** The number of the project of the feature groups. */
export const PROJECT_NUMBER = '1234567890';

export interface ViewInput {
  /** Type by feature. */
  readonly features: Readonly<Record<string, StoredType>>;
  readonly entityIdColumns?: readonly string[];
  /** Fields of the FeatureView message beside its name: its source, its sync settings. */
  readonly resource?: Readonly<Record<string, unknown>>;
  /** When its first sync ended; null for a view that has not had one. Default: long ago. */
  readonly syncedAt?: Instant | null;
  /** Whether values come with their own time; the documentation's samples show none. */
  readonly givesValueTimes?: boolean;
  /** Whether the row's time is served, as `feature_timestamp`. */
  readonly servesRowTime?: boolean;
}

export class TestView {
  readonly values = new StoredValues();
  readonly syncs: any[] = [];

  constructor(
    readonly resource: any,
    readonly input: ViewInput,
  ) {}
}

/** The current generation: feature groups, and online stores with feature views. */
export class FeatureViewWorld {
  readonly featureGroups = new Map<string, { resource: any; features: any[] }>();
  readonly onlineStores = new Map<string, { resource: any; views: Map<string, TestView> }>();
  /** Where the tables of feature groups are; undefined: the test ends its syncs itself. */
  tables: Tables | undefined;
  viewQuota: number = LIMITS.vertex.featureViews.value;

  constructor(
    readonly region: Region,
    readonly now: () => Instant,
    readonly operations = new Operations(now),
  ) {}

  /** The table of `bq://project.dataset.table`, in the test's BigQuery. */
  tableOf(uri: string): StoredTable {
    const tables = this.tables ?? refuse('FAILED_PRECONDITION', 'the test has no BigQuery');
    const [project = '', dataset = '', table = ''] = uri.replace('bq://', '').split('.');
    try {
      return tables.get(project, dataset, table);
    } catch {
      return refuse('INVALID_ARGUMENT', `BigQuery source ${uri} is not found`);
    }
  }

  /** The region of a view's feature groups: its own, or that of the project of the number. */
  groupRegionOf(view: any, own: string): string {
    const number = view.featureRegistrySource?.projectNumber;
    if (!number || number === '0') return own;
    if (number !== PROJECT_NUMBER) refuse('PERMISSION_DENIED', `Permission denied on project ${number}`);
    return this.#root;
  }

  get #root(): string {
    return `projects/${this.region.project}/locations/${this.region.location}`;
  }

  addFeatureGroup(id: string, resource: object, features: readonly { id: string; [field: string]: unknown }[]): void {
    const name = `${this.#root}/featureGroups/${id}`;
    this.featureGroups.set(name, {
      resource: { name, ...resource },
      features: features.map(({ id: featureId, ...fields }) => ({ name: `${name}/features/${featureId}`, ...fields })),
    });
  }

  addOnlineStore(id: string, resource: object = BIGTABLE): void {
    const name = `${this.#root}/featureOnlineStores/${id}`;
    this.onlineStores.set(name, { resource: { name, state: 'STABLE', ...resource }, views: new Map() });
  }

  addView(storeId: string, id: string, input: ViewInput): TestView {
    const store = this.onlineStores.get(`${this.#root}/featureOnlineStores/${storeId}`)!;
    const name = `${store.resource.name}/featureViews/${id}`;
    const view = new TestView({ name, createTime: toProtoTime(this.now()), ...input.resource }, input);
    const syncedAt = input.syncedAt === undefined ? this.now() - 3_600_000_000n : input.syncedAt;
    if (syncedAt !== null) this.addSync(view, { start: syncedAt - 60_000_000n, end: syncedAt, rows: 0 });
    store.views.set(name, view);
    return view;
  }

  addSync(view: TestView, sync: { start: Instant; end: Instant | null; rows: number; code?: number }): any {
    const resource = {
      name: `${view.resource.name}/featureViewSyncs/${view.syncs.length + 1}`,
      createTime: toProtoTime(sync.start),
      runTime: { startTime: toProtoTime(sync.start) },
    };
    const { end } = sync;
    if (end !== null) this.endSync(resource, { ...sync, end });
    view.syncs.unshift(resource);
    return resource;
  }

  endSync(sync: any, { end, rows, code = 0 }: { end: Instant; rows: number; code?: number }): void {
    sync.runTime.endTime = toProtoTime(end);
    sync.finalStatus = { code, message: code ? 'the sync failed' : '' };
    sync.syncSummary = { rowSynced: rows, totalSlot: 1234 };
  }

  view(name: string): TestView {
    const [storeName = ''] = name.split('/featureViews/');
    const view = this.onlineStores.get(storeName)?.views.get(name);
    return view ?? refuse('NOT_FOUND', `Feature view ${name} not found`);
  }

  services(): VertexService[] {
    return [this.#registry(), this.#admin(), this.#values('v1'), this.#values('v1beta1')];
  }

  #registry(): VertexService {
    const groupOf = (name: string) => this.featureGroups.get(name) ?? refuse('NOT_FOUND', `${name} not found`);
    return {
      version: 'v1',
      name: 'FeatureRegistryService',
      proto: 'feature_registry_service.proto',
      single: {
        ...registryCreations(this),
        GetFeatureGroup: ({ name }) => groupOf(name).resource,
        ListFeatureGroups: (request) => {
          const { items, nextPageToken } = paginate(childrenOf(this.featureGroups, request.parent), request, 100);
          return { featureGroups: items.map(({ resource }) => resource), nextPageToken };
        },
        ListFeatures: (request) => {
          const { items, nextPageToken } = paginate(groupOf(request.parent).features, request, 1000);
          return { features: items, nextPageToken };
        },
      },
    };
  }

  #admin(): VertexService {
    const storeOf = (name: string) => this.onlineStores.get(name) ?? refuse('NOT_FOUND', `${name} not found`);
    return {
      version: 'v1',
      name: 'FeatureOnlineStoreAdminService',
      proto: 'feature_online_store_admin_service.proto',
      single: {
        ...onlineCreations(this),
        GetFeatureOnlineStore: ({ name }) => storeOf(name).resource,
        ListFeatureOnlineStores: (request) => {
          const { items, nextPageToken } = paginate(childrenOf(this.onlineStores, request.parent), request, 100);
          return { featureOnlineStores: items.map(({ resource }) => resource), nextPageToken };
        },
        GetFeatureView: ({ name }) => this.view(name).resource,
        ListFeatureViews: (request) => {
          const { items, nextPageToken } = paginate([...storeOf(request.parent).views.values()], request, 1000);
          return { featureViews: items.map(({ resource }) => resource), nextPageToken };
        },
        SyncFeatureView: ({ featureView }) => {
          const view = this.view(featureView);
          if (view.resource.syncConfig?.continuous) {
            refuse('FAILED_PRECONDITION', 'A continuous feature view cannot be synced by hand');
          }
          return { featureViewSync: this.addSync(view, { start: this.now(), end: null, rows: 0 }).name };
        },
        GetFeatureViewSync: ({ name }) => {
          const view = this.view(name.split('/featureViewSyncs/')[0]);
          const sync = view.syncs.find((one: any) => one.name === name) ?? refuse('NOT_FOUND', `${name} not found`);
          if (this.tables && !sync.runTime.endTime) endSyncFromBigQuery(this, view, sync);
          return sync;
        },
        ListFeatureViewSyncs: (request) => {
          if (!['', 'create_time', 'create_time desc'].includes(request.orderBy)) {
            refuse('INVALID_ARGUMENT', 'Field: order_by; Message: syncs are ordered by create_time only');
          }
          const { syncs } = this.view(request.parent);
          const ordered = request.orderBy === 'create_time desc' ? syncs : syncs.toReversed();
          const { items, nextPageToken } = paginate(ordered, request, 1000);
          return { featureViewSyncs: items, nextPageToken };
        },
      },
    };
  }

  #values(version: 'v1' | 'v1beta1'): VertexService {
    return {
      version,
      name: 'FeatureOnlineStoreService',
      proto: 'feature_online_store_service.proto',
      single: {
        FetchFeatureValues: ({ featureView, dataKey, dataFormat }) => {
          if (dataFormat === 'PROTO_STRUCT') refuse('UNIMPLEMENTED', 'this server serves KEY_VALUE only');
          if (!dataKey) refuse('INVALID_ARGUMENT', 'Field: data_key; Message: required and not set');
          return this.#fetch(this.view(featureView), dataKey);
        },
      },
      bothStream: {
        ...(version === 'v1beta1'
          ? { StreamingFetchFeatureValues: (request, context) => this.#streamingFetch(request, context) }
          : {}),
        FeatureViewDirectWrite: (request, context) => this.#directWrite(request, context),
      },
    };
  }

  #fetch(view: TestView, dataKey: any): any {
    const key = readDataKey(view, dataKey);
    // A view that was never synced, or of whose sync the serving caches do not know yet.
    if (!view.syncs.some((sync) => sync.finalStatus?.code === 0)) refuse('NOT_FOUND', 'The feature view is not found');
    const row = view.values.row(key) ?? refuse('NOT_FOUND', `Entity ${key} is not found`);
    const { givesValueTimes = true, servesRowTime = false } = view.input;
    const features: any[] = Object.keys(view.input.features).map((name) => {
      const stored = row.get(name);
      return stored ? { name, value: givesValueTimes ? withTime(stored) : stored.value } : { name };
    });
    if (servesRowTime) {
      const newest = [...row.values()].reduce((latest, { time }) => (time > latest ? time : latest), 0n);
      features.push({ name: 'feature_timestamp', value: { value: 'int64Value', int64Value: newest.toString() } });
    }
    return { keyValues: { features } };
  }

  /** A response for each key, as the order and the grouping of answers are the service's to choose. */
  *#streamingFetch(request: any, { fault }: CallContext): Generator<any, void, undefined> {
    const view = this.view(request.featureView);
    for (const dataKey of request.dataKeys) {
      try {
        assertDataKey(fault, dataKey);
        yield { status: { code: 0 }, data: [{ ...this.#fetch(view, dataKey), dataKey }] };
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        yield { status: { code: error.code, message: error.details }, dataKeysWithError: [dataKey] };
      }
    }
  }

  *#directWrite(request: any, { fault }: CallContext): Generator<any, void, undefined> {
    const view = this.view(request.featureView);
    const store = this.onlineStores.get(request.featureView.split('/featureViews/')[0])!;
    if (!store.resource.bigtable) refuse('FAILED_PRECONDITION', 'Direct writes need Bigtable online serving');
    for (const { dataKey, features } of request.dataKeyAndFeatureValues) {
      try {
        assertDataKey(fault, dataKey);
        const key = readDataKey(view, dataKey);
        if (features.length === 0) refuse('INVALID_ARGUMENT', 'no features');
        for (const { name, value } of features) {
          const type = view.input.features[name] ?? refuse('INVALID_ARGUMENT', `the view has no feature ${name}`);
          checkValue(name, type, value);
        }
        for (const { name, value } of features) view.values.put(key, name, value, this.now());
        yield { status: { code: 0 }, writeResponses: [{ dataKey, onlineStoreWriteTime: toProtoTime(this.now()) }] };
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        yield { status: { code: error.code, message: error.details }, writeResponses: [{ dataKey }] };
      }
    }
  }
}

function childrenOf<Child>(all: ReadonlyMap<string, Child>, parent: string): Child[] {
  return [...all].filter(([name]) => name.startsWith(`${parent}/`)).map(([, child]) => child);
}

export const BIGTABLE = { bigtable: { autoScaling: { minNodeCount: 1, maxNodeCount: 2 } } };

/** The key as the view's id columns want it: one as it stands, several in parts. */
function readDataKey(view: TestView, dataKey: any): string {
  const { entityIdColumns: columns = ['entity_id'] } = view.input;
  const parts: string[] = dataKey.keyOneof === 'compositeKey' ? dataKey.compositeKey.parts : [dataKey.key];
  const isComposite = dataKey.keyOneof === 'compositeKey';
  if (isComposite !== columns.length > 1 || parts.length !== columns.length) {
    refuse('INVALID_ARGUMENT', `the view has ${columns.length} entity id columns`);
  }
  if (!parts.every((part) => part !== '')) refuse('INVALID_ARGUMENT', 'an entity id is empty');
  return JSON.stringify(parts);
}

function assertDataKey(fault: CallContext['fault'], dataKey: any): void {
  const text = dataKey.compositeKey === undefined ? dataKey.key : dataKey.compositeKey.parts.join(',');
  if (fault?.kind === 'refuseKeys' && fault.keys.includes(text)) {
    throw new Refusal(fault.code, `a fault of the test (${status[fault.code]})`);
  }
}
