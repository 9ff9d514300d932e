import type { DuckDbOfflineStore } from '../datasources/offline/duckdb/duckdb-offline-store.js';
import type { FeatureSource, Featurestore } from '../datasources/registry/model.js';
import type { Registry } from '../datasources/registry/registry.js';
import { HistoryKeeper, type BuiltHistory } from '../ingestion/history/history-keeper.js';
import { historyFirst, type PastReadOutcome, type PastReads } from '../serving/past-reads.js';
import type { OpenFeatureWriters } from './feature-writers.js';
import { listSources } from './offline-store-adapters.js';

export interface OpenHistory {
  readonly keeper: HistoryKeeper;
  /** The sources that have a history. */
  sourcesOf(registry: Registry): FeatureSource[];
  /** undefined for a featurestore whose rows come from other writers too. */
  findReads(featurestore: Featurestore): PastReads | undefined;
}

export interface HistoryOptions {
  /** The maximum number of rows of a source in the key-value history. Absent or 0: there is no history. */
  readonly maxHistoryRows?: number;
  /** Receives what answered a read of the past. */
  readonly onPastRead?: (outcome: PastReadOutcome) => void;
  readonly onHistoryBuilt?: (built: BuiltHistory) => void;
  /** Receives why rows were not copied into the key-value history. It is tried again. */
  readonly onHistoryError?: (error: unknown, source: FeatureSource) => void;
}

interface HistoryStores {
  readonly registry: Registry;
  readonly embedded: DuckDbOfflineStore;
  readonly writers: OpenFeatureWriters;
  readonly options: HistoryOptions;
}

/** Opens the key-value history of the embedded stores. If it is switched off, what it had is removed. */
export async function openHistory({
  registry,
  embedded,
  writers,
  options,
}: HistoryStores): Promise<OpenHistory | undefined> {
  const { history, logged } = writers;
  if (!history || !logged) return undefined;
  const {
    maxHistoryRows = 0,
    onPastRead = () => undefined,
    onHistoryBuilt = () => undefined,
    onHistoryError = () => undefined,
  } = options;
  if (maxHistoryRows === 0) {
    await history.dropOthers([]);
    return undefined;
  }
  const sourcesOf = ({ featurestores }: Registry): FeatureSource[] =>
    featurestores.filter((featurestore) => writers.isLogged(featurestore)).flatMap(listSources);
  const keeper = new HistoryKeeper({
    history,
    openSnapshot: (source) => embedded.openSnapshot(source),
    alone: (task) => logged.alone(task),
    listSources: () => sourcesOf(registry),
    maxRows: maxHistoryRows,
    onBuilt: onHistoryBuilt,
    onError: onHistoryError,
  });
  embedded.onImported = (source) => keeper.imported(source);
  const reads = historyFirst(history, embedded, onPastRead);
  return {
    keeper,
    sourcesOf,
    findReads: (featurestore) => (writers.isLogged(featurestore) ? reads : undefined),
  };
}
