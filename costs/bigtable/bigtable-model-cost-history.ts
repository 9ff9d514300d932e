import { toDescendingKey } from '../../datasources/google/bigtable/descending-key.js';
import { callStore } from '../../datasources/google/bigtable/open-rows.js';
import type { VersionedRows } from '../../datasources/google/bigtable/versioned-rows.js';
import { fromExactJson, toExactJson } from '../../values/exact-json.js';
import type { ModelCostHistory, ModelRun } from '../model-cost-history.js';

/** Estimates read a few entries; the others let people see why an estimate changed. */
const MAX_RUNS = 50;
const RUN = 'run';

/** Runs in Bigtable, for all gateways: `model/MODEL/JOB`, the newest job of a model first. */
export class BigtableModelCostHistory implements ModelCostHistory {
  constructor(private readonly rows: VersionedRows) {}

  async record(run: ModelRun): Promise<void> {
    await call(async () => {
      const prefix = toPrefix(run.model);
      await this.rows.put(`${prefix}${toDescendingKey(run.job)}`, { [RUN]: toExactJson(run) });
      const [last] = (await this.rows.scan({ prefix, limit: MAX_RUNS })).slice(MAX_RUNS - 1);
      if (!last) return;
      for (const [key] of await this.rows.scan({ prefix, after: last[0] })) await this.rows.remove(key);
    });
  }

  async runs(model: string): Promise<readonly ModelRun[]> {
    const found = await call(() => this.rows.scan({ prefix: toPrefix(model), limit: MAX_RUNS }));
    return found.map(([, columns]) => fromExactJson(columns.get(RUN)!) as ModelRun);
  }
}

/** A name may have any character; a slash would end it too early. */
function toPrefix(model: string): string {
  return `model/${encodeURIComponent(model)}/`;
}

function call<Result>(run: () => Promise<Result>): Promise<Result> {
  return callStore('The store of model costs', run);
}
