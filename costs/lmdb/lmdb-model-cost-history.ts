import type { Database, RootDatabase } from 'lmdb';
import { transact } from '../../runtime/lmdb.js';
import type { ModelCostHistory, ModelRun } from '../model-cost-history.js';

/** Estimates read a few entries; the others let people see why an estimate changed. */
const MAX_RUNS = 50;
const AFTER_ALL = '\u{10ffff}';

/** Runs in LMDB by [model, job]. Job ids sort by time, so a reverse scan reads the newest first. */
export class LmdbModelCostHistory implements ModelCostHistory {
  readonly #environment: RootDatabase;
  readonly #runs: Database<ModelRun, string[]>;

  constructor(environment: RootDatabase) {
    this.#environment = environment;
    this.#runs = environment.openDB({ name: 'model-runs' });
  }

  async record(run: ModelRun): Promise<void> {
    await transact(this.#environment, () => {
      void this.#runs.put([run.model, run.job], run);
      const keys = [...this.#runs.getKeys(newestFirst(run.model))];
      for (const key of keys.slice(MAX_RUNS)) void this.#runs.remove(key);
    });
    await this.#environment.flushed;
  }

  async runs(model: string): Promise<readonly ModelRun[]> {
    return [...this.#runs.getRange(newestFirst(model))].map(({ value }) => value);
  }
}

function newestFirst(model: string): { start: string[]; end: string[]; reverse: true } {
  return { start: [model, AFTER_ALL], end: [model, ''], reverse: true };
}
