import type { Clock } from '../values/clock.js';
import type { Instant } from '../values/instant.js';
import type {
  ImportedRows,
  ImportingOfflineStore,
  SourceInputs,
} from '../datasources/offline/importing-offline-store.js';
import type { FillableOnlineStore } from '../datasources/online/online-store.js';
import type { EntityType, FeatureSource, Featurestore } from '../datasources/registry/model.js';
import type { Registry } from '../datasources/registry/registry.js';
import { fillFingerprint } from './fill-fingerprint.js';
import { fillOnlineStore, isFilled, type OnlineFill } from './fill-online-store.js';
import { extendFill } from './extend-fill.js';
import { readSourceInputs } from './source-fingerprint.js';

export interface PrepareProgress {
  /** The current step, for people. */
  readonly step: string;
  /** The share of all work, 0 to 1. */
  readonly share: number;
  /** How far the step is, for people, where its share is not known. */
  readonly detail?: string;
}

export interface PrepareOutcome {
  /** The number of completed steps; 0 when everything was up to date. */
  readonly steps: number;
  /** The sources that were computed, and how. */
  readonly imported: ReadonlyMap<FeatureSource, ImportedRows>;
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
  readonly imported: Map<FeatureSource, ImportedRows>;
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
  const findings: PrepareFindings = {
    imported: new Map(),
    rejectedRows: new Map(),
    futureRows: new Map(),
    fillFingerprints: new Map(),
  };
  const planned = await Promise.all(entityTypes.map((entityType) => planSteps(entityType, options, findings)));
  const steps = planned.flat();
  const total = steps.reduce((sum, step) => sum + step.weight, 0);
  let done = 0;
  for (const step of steps) {
    signal?.throwIfAborted();
    const report: ReportProgress = (share, detail) =>
      onProgress({
        step: step.name,
        share: (done + share * step.weight) / total,
        ...(detail === undefined ? {} : { detail }),
      });
    report(0);
    await step.run(report);
    done += step.weight;
  }
  return { steps: steps.length, ...findings };
}

type ReportProgress = (share: number, detail?: string) => void;

interface Step {
  readonly name: string;
  readonly weight: number;
  readonly run: (report: ReportProgress) => Promise<void>;
}

async function planSteps(
  entityType: EntityType,
  { offline, onlineOf, clock, signal, sources = null }: PrepareOptions,
  findings: PrepareFindings,
): Promise<Step[]> {
  const online = onlineOf(entityType.featurestore);
  const computed = entityType.sources.filter((source) => source.sql !== null);
  if (computed.length === 0) return [];
  const name = describe(entityType);
  const fingerprints = new Map<FeatureSource, string>();
  const before = new Map<FeatureSource, string | undefined>();
  const steps: Step[] = [];
  for (const source of computed) {
    const imported = await offline.importedFrom(source);
    before.set(source, imported);
    const isWanted = imported === undefined || sources === null || sources.includes(source.name);
    if (!isWanted) {
      fingerprints.set(source, imported);
      continue;
    }
    const inputs = await readSourceInputs(source);
    fingerprints.set(source, inputs.fingerprint);
    if (imported === inputs.fingerprint) await offline.confirmImport(source, inputs.filesState);
    else steps.push(importStep(source, inputs, { offline, signal }, findings));
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
    const run: Step['run'] = async (report) => {
      const previous = [...before.values()].every((known) => known !== undefined)
        ? fillFingerprint(entityType, before.values() as Iterable<string>)
        : null;
      const added = findAdded(computed, findings);
      // Rows that were only added are newer values or history: the online store needs no others.
      if (added && previous !== null && (await extendFill(fill, { previous, added }))) return;
      await fillOnlineStore({ ...fill, onEntities: (entities) => report(0, `${entities} entities are written`) });
    };
    steps.push({ name: `filling the online store: ${name}`, weight: FILL_WEIGHT, run });
  }
  return steps;
}

function importStep(
  source: FeatureSource,
  inputs: SourceInputs,
  { offline, signal }: Pick<PrepareOptions, 'offline' | 'signal'>,
  findings: PrepareFindings,
): Step {
  return {
    name: `computing ${describe(source.entityType)}: ${source.name}`,
    weight: source.partitions,
    run: async (report) => {
      const imported = await offline.import(source, inputs, report, signal);
      findings.imported.set(source, imported);
      if (imported.rejected > 0) findings.rejectedRows.set(source, imported.rejected);
    },
  };
}

/**
 * The time of the earliest new row of each source that was computed, where every one of them only added rows; null
 * otherwise.
 */
function findAdded(
  computed: readonly FeatureSource[],
  { imported }: PrepareFindings,
): ReadonlyMap<FeatureSource, Instant> | null {
  const added = new Map<FeatureSource, Instant>();
  for (const source of computed) {
    const rows = imported.get(source);
    if (!rows) continue;
    if (rows.addedFrom === undefined) return null;
    if (rows.addedFrom !== null) added.set(source, rows.addedFrom);
  }
  return added;
}

function describe({ name, featurestore }: EntityType): string {
  return `${featurestore.name}.${name}`;
}
