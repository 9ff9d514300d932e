import type { ImportingOfflineStore } from '../datasources/offline/importing-offline-store.js';
import type { FillableOnlineStore } from '../datasources/online/online-store.js';
import type { EntityType, Featurestore } from '../datasources/registry/model.js';
import type { Registry } from '../datasources/registry/registry.js';
import type { Clock } from '../values/clock.js';
import type { Instant } from '../values/instant.js';
import { extendFill } from './extend-fill.js';
import { fillFingerprint, findFillExpiry, findFillOwner, isUpToDate, type FillOwner } from './fill-fingerprint.js';
import { prepareEntityTypes, type PrepareOutcome, type PrepareProgress } from './prepare.js';
import { sourceFingerprint } from './source-fingerprint.js';

export interface StorePreparationOptions {
  readonly offline: ImportingOfflineStore;
  /** null for a store that is filled by its own syncs and imports. */
  readonly toFill: (featurestore: Featurestore) => FillableOnlineStore | null;
  readonly clock: Clock;
}

export interface RefreshOptions {
  /** Recomputes only these sources, by name; null: every source whose SQL, files or columns changed. */
  readonly sources?: readonly string[] | null;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: PrepareProgress) => void;
}

/** What the first preparation did, and what it left to the background. */
export interface PreparationStart extends PrepareOutcome {
  /** Entity types whose old values are served until a refresh replaces them. */
  readonly stale: readonly EntityType[];
}

/**
 * Brings the values of computed sources into the stores: at the start of a gateway, in a refresh, and when rows of the
 * future become true. One of these runs at a time: each uses all cores.
 */
export class StorePreparation {
  readonly #computed = new Map<string, string>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: StorePreparationOptions) {}

  /**
   * Prepares the entity types that have nothing to serve, and lists the others that are out of date. `before` runs
   * first, and not during a refresh.
   */
  async prepare(
    registry: Registry,
    onProgress: (progress: PrepareProgress) => void,
    before: () => Promise<void> = async () => undefined,
  ): Promise<PreparationStart> {
    return this.#alone(async () => {
      await before();
      const servable: EntityType[] = [];
      const others: EntityType[] = [];
      for (const entityType of registry.featurestores.flatMap(({ entityTypes }) => entityTypes)) {
        ((await this.#isServable(entityType)) ? servable : others).push(entityType);
      }
      const outcome = await this.#run(others, { onProgress });
      const stale: EntityType[] = [];
      for (const entityType of servable) {
        if (await this.#isStale(entityType)) stale.push(entityType);
        // Nothing is computed: this only remembers what the stores have.
        else await this.#run([entityType], {});
      }
      return { ...outcome, stale };
    });
  }

  /**
   * From now on, refreshes leave out the entities of this type that are deleted, also a refresh that waits for its turn.
   * Call the result to end this.
   */
  watchDeletions({ sources }: EntityType): () => void {
    return this.options.offline.watchDeletions(sources);
  }

  /** Recomputes what changed of one entity type while its old values are served. */
  async refresh(entityType: EntityType, options: RefreshOptions = {}): Promise<PrepareOutcome> {
    return this.#alone(async () => {
      options.signal?.throwIfAborted();
      return this.#run([entityType], options);
    });
  }

  /** Brings the rows online that became true since the last fill. */
  async promote(entityType: EntityType): Promise<void> {
    const { offline, toFill, clock } = this.options;
    await this.#alone(async () => {
      const online = toFill(entityType.featurestore);
      const fingerprint = this.#computed.get(keyOf(entityType));
      // Without it, the entity type is out of date, and a refresh brings these rows too.
      if (!online || fingerprint === undefined) return;
      if (await extendFill({ entityType, offline, online, clock, fingerprint })) return;
      await this.#run([entityType], {});
    });
  }

  /** When the next row of the future becomes true; null when none is known. */
  async nextExpiry(entityType: EntityType): Promise<Instant | null> {
    const online = this.options.toFill(entityType.featurestore);
    if (!online || !hasComputed(entityType)) return null;
    return findFillExpiry(await online.currentFill(entityType, true));
  }

  async fillOwner(entityType: EntityType): Promise<FillOwner> {
    const store = this.options.toFill(entityType.featurestore);
    // A sync cannot overwrite anything in a store that no gateway fills.
    if (!store) return 'THIS_GATEWAY';
    return findFillOwner(await store.currentFill(entityType, true), this.#computed.get(keyOf(entityType)));
  }

  async #run(
    entityTypes: readonly EntityType[],
    { sources = null, signal, onProgress = () => undefined }: RefreshOptions,
  ): Promise<PrepareOutcome> {
    const { offline, toFill, clock } = this.options;
    const outcome = await prepareEntityTypes(entityTypes, {
      offline,
      onlineOf: toFill,
      clock,
      onProgress,
      signal,
      sources,
    });
    for (const [entityType, fingerprint] of outcome.fillFingerprints) {
      this.#computed.set(keyOf(entityType), fingerprint);
    }
    return outcome;
  }

  /** Whether every computed source was computed once, and the online store serves a completed fill. */
  async #isServable(entityType: EntityType): Promise<boolean> {
    const { offline, toFill } = this.options;
    if (!hasComputed(entityType)) return false;
    for (const source of entityType.sources) {
      if (source.sql !== null && (await offline.importedFrom(source)) === undefined) return false;
    }
    const online = toFill(entityType.featurestore);
    // A store that is no embedded one may serve other gateways: it is filled as before, at the start.
    return online?.isServable ? online.isServable(entityType) : false;
  }

  async #isStale(entityType: EntityType): Promise<boolean> {
    const { offline, toFill, clock } = this.options;
    const fingerprints: string[] = [];
    for (const source of entityType.sources) {
      if (source.sql === null) continue;
      const fingerprint = await sourceFingerprint(source);
      if ((await offline.importedFrom(source)) !== fingerprint) return true;
      fingerprints.push(fingerprint);
    }
    const fill = await toFill(entityType.featurestore)?.currentFill(entityType);
    return !isUpToDate(fill, fillFingerprint(entityType, fingerprints), clock());
  }

  async #alone<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(work, work);
    this.#last = result.catch(() => undefined);
    return result;
  }
}

/** By name and not by object: the objects of a registry are replaced when the gateway applies another one. */
function keyOf({ name, featurestore }: EntityType): string {
  return `${featurestore.name}.${name}`;
}

function hasComputed({ sources }: EntityType): boolean {
  return sources.some(({ sql }) => sql !== null);
}
