import type { Clock } from '../values/clock.js';
import type { ImportingOfflineStore } from '../datasources/offline/importing-offline-store.js';
import type { FillableOnlineStore } from '../datasources/online/online-store.js';
import type { EntityType, FeatureSource, Featurestore } from '../datasources/registry/model.js';
import type { Registry } from '../datasources/registry/registry.js';
import { fillFingerprint } from './fill-fingerprint.js';
import { fillOnlineStore, isFilled, type OnlineFill } from './fill-online-store.js';
import { sourceFingerprint } from './source-fingerprint.js';

export interface PrepareProgress {
  /** The current step, for people. */
  readonly step: string;
  /** The share of all work, 0 to 1. */
  readonly share: number;
}

export interface PrepareOutcome {
  /** The number of completed steps; 0 when everything was up to date. */
  readonly steps: number;
  /** Computed rows without an id or a time, by source: they are not history and were omitted. */
  readonly rejectedRows: ReadonlyMap<FeatureSource, number>;
  /**
   * Future rows in the sources of an online store's fill, by source. They are not known yet, so the store has none of
   * them; a start after the first became true fills it again.
   */
  readonly futureRows: ReadonlyMap<FeatureSource, number>;
  /**
   * The fingerprint of what this gateway computed of each entity type with computed sources, for comparison by
   * `filledBy`.
   */
  readonly fillFingerprints: ReadonlyMap<EntityType, string>;
}

/** The results of the steps, collected while they run. */
interface PrepareFindings {
  readonly rejectedRows: Map<FeatureSource, number>;
  readonly futureRows: Map<FeatureSource, number>;
  readonly fillFingerprints: Map<EntityType, string>;
}

/** Filling the online store takes about as long as this number of import partitions. */
const FILL_WEIGHT = 0.5;

/** Updates the stores to the registry: prepareEntityTypes for all its entity types. */
export async function prepareStores(
  registry: Registry,
  offline: ImportingOfflineStore,
  onlineOf: PrepareOptions['onlineOf'],
  clock: Clock,
  onProgress: (progress: PrepareProgress) => void,
): Promise<PrepareOutcome> {
  const entityTypes = registry.featurestores.flatMap((featurestore) => featurestore.entityTypes);
  return prepareEntityTypes(entityTypes, { offline, onlineOf, clock, onProgress });
}

export interface PrepareOptions {
  readonly offline: ImportingOfflineStore;
  /** null for a store that is filled in another way. */
  readonly onlineOf: (featurestore: Featurestore) => FillableOnlineStore | null;
  readonly clock: Clock;
  readonly onProgress: (progress: PrepareProgress) => void;
  readonly signal?: AbortSignal | undefined;
  /** Computes only these sources, by name; absent or null: all. */
  readonly sources?: readonly string[] | null;
}

/**
 * Computes every source whose SQL, files or columns changed since the last time, then fills the online store with the
 * newest values. Each step is recorded when it is complete, so a process that is killed before the end continues there.
 */
export async function prepareEntityTypes(
  entityTypes: readonly EntityType[],
  options: PrepareOptions,
): Promise<PrepareOutcome> {
  const { onProgress, signal } = options;
  const findings: PrepareFindings = { rejectedRows: new Map(), futureRows: new Map(), fillFingerprints: new Map() };
  const planned = await Promise.all(entityTypes.map((entityType) => planSteps(entityType, options, findings)));
  const steps = planned.flat();
  const total = steps.reduce((sum, step) => sum + step.weight, 0);
  let done = 0;
  for (const step of steps) {
    signal?.throwIfAborted();
    const report = (share: number): void =>
      onProgress({ step: step.name, share: (done + share * step.weight) / total });
    report(0);
    await step.run(report);
    done += step.weight;
  }
  return { steps: steps.length, ...findings };
}

interface Step {
  readonly name: string;
  readonly weight: number;
  readonly run: (report: (share: number) => void) => Promise<void>;
}

async function planSteps(
  entityType: EntityType,
  { offline, onlineOf, clock, signal, sources = null }: PrepareOptions,
  findings: PrepareFindings,
): Promise<Step[]> {
  const online = onlineOf(entityType.featurestore);
  const computed = entityType.sources.filter((source) => source.sql !== null);
  if (computed.length === 0) return [];
  const name = `${entityType.featurestore.name}.${entityType.name}`;
  const fingerprints = new Map<FeatureSource, string>();
  for (const source of computed) {
    const imported = await offline.importedFrom(source);
    const isWanted = imported === undefined || sources === null || sources.includes(source.name);
    fingerprints.set(source, isWanted ? await sourceFingerprint(source) : imported);
  }

  const steps: Step[] = [];
  for (const [source, fingerprint] of fingerprints) {
    if ((await offline.importedFrom(source)) === fingerprint) {
      if (sources === null || sources.includes(source.name)) await offline.confirmImport(source);
      continue;
    }
    steps.push({
      name: `computing ${name}: ${source.name}`,
      weight: source.partitions,
      run: async (report) => {
        const { rejected: keptOut } = await offline.import(source, fingerprint, report, signal);
        if (keptOut > 0) findings.rejectedRows.set(source, keptOut);
      },
    });
  }
  // Only the store itself tells the fingerprint of its fill: when a new gateway computes its own offline store, it must
  // not refill a shared online store.
  const contents = fillFingerprint(entityType, fingerprints.values());
  findings.fillFingerprints.set(entityType, contents);
  if (!online) return steps;
  const fill: OnlineFill = {
    entityType,
    offline,
    online,
    clock,
    fingerprint: contents,
    signal,
    onFutureRows: (source, rows) => findings.futureRows.set(source, rows),
  };
  if (!(await isFilled(fill))) {
    const run = (): Promise<void> => fillOnlineStore(fill);
    steps.push({ name: `filling the online store: ${name}`, weight: FILL_WEIGHT, run });
  }
  return steps;
}
