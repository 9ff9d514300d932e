import type { EntityHistory } from '../../datasources/online/entity-history.js';
import type { HistorySnapshot } from '../../datasources/offline/history-snapshot.js';
import type { FeatureSource } from '../../datasources/registry/model.js';

export interface HistoryKeeperOptions {
  readonly history: EntityHistory;
  /** The rows of a source in the offline store; null when it was never imported. */
  readonly openSnapshot: (source: FeatureSource) => Promise<HistorySnapshot | null>;
  /** Runs a task while no row is written and no entity is deleted. The offline store has all written rows then. */
  readonly alone: <Result>(task: () => Promise<Result>) => Promise<Result>;
  /** The sources that have a history, by the present registry. */
  readonly listSources: () => readonly FeatureSource[];
  /** A source with more rows has no history: it would fill the disk, and its build would take long. */
  readonly maxRows: number;
  readonly onBuilt: (built: BuiltHistory) => void;
  /** Receives why a history was not built. It is tried again. */
  readonly onError: (error: unknown, source: FeatureSource) => void;
  /** Milliseconds between two looks at all sources. */
  readonly lookEveryMs?: number;
}

export interface BuiltHistory {
  readonly source: FeatureSource;
  readonly rows: number;
  readonly milliseconds: number;
}

const LOOK_EVERY_MS = 60_000;

/**
 * Keeps the key-value history equal to the offline store. The write path changes both, so there is work only when rows are
 * replaced by an import, or are not copied yet: one source after the other, in the background. Until a copy is complete,
 * the offline store answers.
 */
export class HistoryKeeper {
  #running: Promise<void> | undefined;
  #stop = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  /** It begins with a pause, until `start`. */
  #pauses = 1;
  #isDue = false;
  #isClosed = false;

  constructor(private readonly options: HistoryKeeperOptions) {}

  /** Begins. Call it once, when the gateway serves: a copy takes CPU time that the start needs. */
  start(): void {
    this.#pauses -= 1;
    this.wake();
  }

  /** Looks at all sources soon. */
  wake(): void {
    this.#isDue = true;
    if (this.#isClosed || this.#pauses > 0 || this.#running) return;
    clearTimeout(this.#timer);
    this.#stop = new AbortController();
    this.#running = this.#lookUntilDone().finally(() => {
      this.#running = undefined;
      if (this.#isDue) return this.wake();
      if (this.#isClosed || this.#pauses > 0) return;
      this.#timer = setTimeout(() => this.wake(), this.options.lookEveryMs ?? LOOK_EVERY_MS).unref();
    });
  }

  /** The rows of a source may have been replaced: the offline store answers until they are copied. */
  imported(source: FeatureSource): void {
    this.options.history.suspend(source);
    this.wake();
  }

  /** Returns when all sources have been looked at. */
  async settled(): Promise<void> {
    while (this.#running) await this.#running;
  }

  /** Runs a change of names while nothing is built. Only the histories of these sources stay. */
  async rename(sources: readonly FeatureSource[], change: () => Promise<void>): Promise<void> {
    this.#pauses += 1;
    try {
      await this.#end();
      await this.options.history.dropOthers(sources);
      await change();
    } finally {
      this.#pauses -= 1;
      this.wake();
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#end();
  }

  async #end(): Promise<void> {
    this.#stop.abort();
    this.#isDue = false;
    await this.#running;
  }

  async #lookUntilDone(): Promise<void> {
    const { signal } = this.#stop;
    while (this.#isDue && !signal.aborted) {
      this.#isDue = false;
      await this.#look(signal);
    }
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { history, listSources, onError } = this.options;
    const sources = listSources();
    const kept: FeatureSource[] = [];
    for (const source of sources) {
      const isKept = await this.#bring(source, signal).catch((error: unknown) => {
        // A pause or the end stops a copy.
        if (!signal.aborted) onError(error, source);
        return false;
      });
      if (signal.aborted) return;
      if (isKept) kept.push(source);
    }
    await history.dropOthers(kept).catch((error: unknown) => {
      for (const source of sources.slice(0, 1)) onError(error, source);
    });
  }

  /** Returns whether the source has a history. */
  async #bring(source: FeatureSource, signal: AbortSignal): Promise<boolean> {
    const { history, maxRows } = this.options;
    const epoch = history.epoch(source);
    const stored = history.find(source);
    if (stored && stored.rows > maxRows) {
      history.suspend(source);
      return false;
    }
    const hasFeatures = source.features.every(({ name }) => stored?.features.includes(name));
    if (stored && hasFeatures) {
      if (history.isConfirmed(source) || (await this.#isSame(source, stored.version))) {
        history.confirm(source, epoch);
        return true;
      }
    }
    return this.#build(source, epoch, signal);
  }

  async #isSame(source: FeatureSource, version: string): Promise<boolean> {
    const { history, openSnapshot, alone } = this.options;
    return alone(async () => {
      const snapshot = await openSnapshot(source);
      snapshot?.close();
      // Rows that another process wrote or deleted, or a restored backup of one of the two files.
      return snapshot?.version === version && snapshot.rows === history.find(source)?.rows;
    });
  }

  async #build(source: FeatureSource, epoch: number, signal: AbortSignal): Promise<boolean> {
    const { history, openSnapshot, alone, maxRows, onBuilt } = this.options;
    const start = performance.now();
    const build = await history.begin(source);
    let snapshot: HistorySnapshot | null = null;
    try {
      snapshot = await alone(async () => {
        const opened = await openSnapshot(source);
        if (opened && opened.rows <= maxRows) build.follow();
        return opened;
      });
      if (!snapshot || snapshot.rows > maxRows) return false;
      let rows = 0;
      for await (const batch of snapshot.batches()) {
        signal.throwIfAborted();
        await build.add(batch);
        rows += batch.entityIds.length;
      }
      if (rows !== snapshot.rows) throw new Error(`a copy has ${rows} of ${snapshot.rows} rows`);
      await build.complete(snapshot.version);
      history.confirm(source, epoch);
      onBuilt({ source, rows, milliseconds: performance.now() - start });
      return true;
    } finally {
      snapshot?.close();
      await build.end();
    }
  }
}
