import type { ScanWork } from '../../datasources/job-store/job-cost.js';
import type { JobEngine } from '../../jobs/job-engine.js';
import type { CostTerms } from '../../jobs/job-request.js';
import type { SkewComparison, ServedSkewRequest } from './skew-comparison.js';
import type { ServedSkewResult } from './skew-result.js';

export interface ServedSkewDependencies {
  readonly engine: Pick<JobEngine, 'runAtOnce'>;
  readonly comparison: SkewComparison;
  /** Of the request that asks. */
  readonly currentSignal: () => AbortSignal | undefined;
}

/** Compares what was served with what training has: a training set, or the history as of each read. */
export class ServedSkew {
  constructor(private readonly dependencies: ServedSkewDependencies) {}

  /** null: the gateway has no log of served values. */
  async compare(request: ServedSkewRequest, terms: CostTerms): Promise<ServedSkewResult | null> {
    const { engine, comparison, currentSignal } = this.dependencies;
    if (!comparison.hasLog) return null;
    return engine.runAtOnce(
      () => this.work(request),
      terms,
      (payer) => comparison.compare(request, { payer, signal: currentSignal() }),
    );
  }

  /** The work of a request, for an estimate: as many queries as there can be. */
  work(request: ServedSkewRequest): Promise<ScanWork> {
    return this.dependencies.comparison.work(request);
  }
}
