import { join } from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import type { Diagnosis, Finding } from '../datasources/diagnosis.js';
import type { ClientOptions } from '../datasources/google/vertex/vertex-clients.js';
import { readFills } from '../datasources/online/lmdb/read-fills.js';
import { probeOnlineStore } from '../datasources/online/probe-online-store.js';
import { toErrorMessage } from '../errors/error-message.js';
import { LmdbOnlineStore } from '../datasources/online/lmdb/lmdb-online-store.js';
import type { OnlineStore } from '../datasources/online/online-store.js';
import type { EntityType, OnlineStoreKind, OnlineStoreSettings } from '../datasources/registry/model.js';
import { systemClock } from '../values/clock.js';

export interface OnlineStoreContext {
  readonly dataDirectory: string;
  /** For tests, whose Vertex AI is not at the region's endpoint. */
  readonly vertexClient?: ClientOptions | undefined;
}

/**
 * How a kind of online store is opened and diagnosed. The code of a kind is loaded when it is needed: Google's clients
 * are large.
 */
interface OnlineStoreAdapter<Settings extends OnlineStoreSettings = OnlineStoreSettings> {
  open(settings: Settings, context: OnlineStoreContext): Promise<OnlineStore>;
  /** doctor's findings, without opening the store. `entityTypes` are those that use it. */
  diagnose?(
    settings: Settings,
    entityTypes: readonly EntityType[],
    context: OnlineStoreContext,
  ): Promise<StoreFindings>;
  /**
   * The fingerprints of the fills of a store; it changes nothing. No gateway may use the data folder. Throws OperatorError
   * for a store that cannot be read. Absent: a start does not fill the store.
   */
  readFills?(
    settings: Settings,
    entityTypes: readonly EntityType[],
    context: OnlineStoreContext,
  ): Promise<ReadonlyMap<EntityType, string>>;
}

interface StoreFindings {
  /** The identity of the store among others of its kind, for the operator. */
  readonly name: string;
  readonly findings: AsyncIterable<Finding>;
}

const ADAPTERS = {
  LMDB: {
    // The store is part of the data folder, which doctor checks as a whole.
    open: async (_settings, { dataDirectory }) => new LmdbOnlineStore(lmdbFolder(dataDirectory)),
    readFills: (_settings, entityTypes, { dataDirectory }) => readFills(lmdbFolder(dataDirectory), entityTypes),
  },
  BIGTABLE: {
    open: async (settings) => {
      const { BigtableOnlineStore } = await import('../datasources/online/bigtable/bigtable-online-store.js');
      return BigtableOnlineStore.open(settings, { clock: systemClock, newId: uuidv7 });
    },
    diagnose: async (settings) => {
      const { diagnoseBigtable } = await import('../datasources/online/bigtable/diagnose.js');
      return { name: settings.project, findings: diagnoseBigtable(settings) };
    },
    readFills: async (settings, entityTypes) => {
      const { readBigtableFills } = await import('../datasources/online/bigtable/read-fills.js');
      return readBigtableFills(settings, entityTypes);
    },
  },
  VERTEX_FEATURE_VIEW: {
    open: async (settings, { vertexClient }) => {
      const { openVertexViewOnlineStore } =
        await import('../datasources/online/vertex-view/vertex-view-online-store.js');
      return openVertexViewOnlineStore(settings, systemClock, vertexClient);
    },
    diagnose: async (settings, entityTypes, { vertexClient }) => {
      const { diagnoseVertexView } = await import('../datasources/online/vertex-view/diagnose.js');
      const findings = diagnoseVertexView(settings, entityTypes, systemClock, vertexClient);
      return { name: settings.project, findings };
    },
  },
  VERTEX_LEGACY: {
    open: async (settings, { vertexClient }) => {
      const { openVertexLegacyOnlineStore } =
        await import('../datasources/online/vertex-legacy/vertex-legacy-online-store.js');
      return openVertexLegacyOnlineStore(settings, systemClock, vertexClient);
    },
    diagnose: async (settings, entityTypes, { vertexClient }) => {
      const { diagnoseVertexLegacy } = await import('../datasources/online/vertex-legacy/diagnose.js');
      const findings = diagnoseVertexLegacy(settings, entityTypes, systemClock, vertexClient);
      return { name: settings.project, findings };
    },
  },
} satisfies {
  readonly [Kind in OnlineStoreKind]: OnlineStoreAdapter<Extract<OnlineStoreSettings, { readonly kind: Kind }>>;
};

/** Opens one online store with the registry's settings. */
export async function openOnlineStore(
  settings: OnlineStoreSettings,
  context: OnlineStoreContext,
): Promise<OnlineStore> {
  return findAdapter(settings).open(settings, context);
}

/** doctor's findings for one online store; none for a store that another check covers. */
export async function diagnoseOnlineStore(
  settings: OnlineStoreSettings,
  entityTypes: readonly EntityType[],
  context: OnlineStoreContext,
): Promise<Diagnosis[]> {
  const found = await findAdapter(settings).diagnose?.(settings, entityTypes, context);
  return found ? [{ store: `online store ${settings.kind}: ${found.name}`, findings: found.findings }] : [];
}

/** The fills of a store; undefined for a store that a start does not fill. */
export async function readOnlineFills(
  settings: OnlineStoreSettings,
  entityTypes: readonly EntityType[],
  context: OnlineStoreContext,
): Promise<ReadonlyMap<EntityType, string> | undefined> {
  return findAdapter(settings).readFills?.(settings, entityTypes, context);
}

/** Why `doctor --deep` writes no marked row into a store of this kind; null where it does. */
const WHY_NOT_WRITTEN: { readonly [Kind in OnlineStoreKind]: string | null } = {
  LMDB: null,
  BIGTABLE: null,
  VERTEX_FEATURE_VIEW: 'Vertex AI deletes no single row of a feature view, so a marked row would stay',
  VERTEX_LEGACY: 'the legacy feature store deletes rows only by a job that reads a file',
};

/** Uses an online store as the gateway does; none for an embedded store, which another process may have open. */
export async function probeOnlineStoreOf(
  settings: OnlineStoreSettings,
  entityTypes: readonly EntityType[],
  context: OnlineStoreContext,
): Promise<Diagnosis[]> {
  if (settings.kind === 'LMDB') return [];
  async function* probe(): AsyncGenerator<Finding> {
    let store: OnlineStore | undefined;
    try {
      store = await openOnlineStore(settings, context);
      const whyNotWritten = WHY_NOT_WRITTEN[settings.kind];
      yield* probeOnlineStore(store, entityTypes, { clock: systemClock, newId: uuidv7, whyNotWritten });
    } catch (error) {
      yield { status: 'fault', message: `the store cannot be opened: ${toErrorMessage(error)}` };
    } finally {
      await store?.close();
    }
  }
  return [{ store: `use of online store ${settings.kind}: ${settings.project}`, findings: probe() }];
}

function lmdbFolder(dataDirectory: string): string {
  return join(dataDirectory, 'online');
}

/** Call it only with settings of the same kind. */
function findAdapter({ kind }: OnlineStoreSettings): OnlineStoreAdapter {
  return ADAPTERS[kind];
}
