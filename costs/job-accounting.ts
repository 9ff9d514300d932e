import { badInput } from '../errors/app-error.js';
import type { Costs } from './costs.js';
import { Decimal } from './decimal.js';
import type { CostEstimate } from './cost-estimate.js';
import { toStoredEstimate, fromStoredEstimate } from './stored-estimate.js';
import { priceBookId } from './price-book.js';
import { estimateWork } from './estimate-work.js';
import type { BatchWork, JobCost } from '../datasources/job-store/job-cost.js';
import type { JobCosts } from '../jobs/job-costs.js';
import { isTerminalState } from '../datasources/job-store/job-state.js';
import type { JobRecord } from '../datasources/job-store/job-record.js';
import type { JobRequest } from '../jobs/new-job.js';

/** Jobs by the price books, the budgets and the history of models. */
export class JobAccounting implements JobCosts {
  constructor(private readonly costs: Costs) {}

  async admit({ createdBy, maxCostUsd, work: workOf }: JobRequest): Promise<JobCost | null> {
    if (!workOf) return null;
    const work = await workOf();
    if (work.kind === 'BATCHES' && work.rows === null && typeof maxCostUsd === 'number') {
      throw badInput(
        'How many rows this input has is not known before it is read, so no limit can be kept. Leave "maxCostUsd" out, or ' +
          'predict for a table.',
        'maxCostUsd',
      );
    }
    const estimate = await estimateWork(this.costs.estimator, work);
    const admission = await this.costs.guard.admit({ principal: createdBy, estimate, maxCostUsd });
    return { work, estimate: toStoredEstimate(estimate), admission, isSettled: false };
  }

  async release({ admission }: JobCost): Promise<void> {
    await this.costs.guard.settle(admission, 0);
  }

  async settle(job: JobRecord, replicaHours: number | null): Promise<void> {
    const { cost, startedAt } = job;
    if (!cost || !isTerminalState(job.state)) return;
    // Where nobody says what was used the estimate stands: to take it for nothing would be a way around the budget.
    const estimated = new Decimal(cost.estimate.total);
    const actual = startedAt === null ? new Decimal(0) : (this.costSoFar(cost, replicaHours)?.total ?? estimated);
    if (cost.work.kind === 'BATCHES' && replicaHours !== null) {
      await this.#recordModelRun(job, cost.work, replicaHours, { estimated, actual });
    }
    await this.costs.guard.settle(cost.admission, actual);
  }

  costSoFar({ work, estimate }: JobCost, replicaHours: number | null): CostEstimate | null {
    if (work.kind !== 'BATCHES' || replicaHours === null) return null;
    const { estimator } = this.costs;
    // By the edition that the estimate was made with, so that the two can be compared. Gone, it prices nothing any more.
    const priceBook = priceBookId(estimate.book);
    if (!estimator.books.all.some((book) => priceBookId(book) === priceBook)) return null;
    return estimator.costSoFar({ ...work, replicaHours, priceBook });
  }

  estimatedCost({ estimate }: JobCost): CostEstimate {
    return fromStoredEstimate(estimate, this.costs.estimator.books);
  }

  async #recordModelRun(
    { id, progress, endedAt }: JobRecord,
    work: BatchWork,
    replicaHours: number,
    usd: { readonly estimated: Decimal; readonly actual: Decimal },
  ): Promise<void> {
    const rows = progress.completed + progress.failed;
    if (rows === 0n || endedAt === null) return;
    const { estimator, history } = this.costs;
    const { model, acceleratorType, acceleratorCount, batchSize } = work;
    await history.record({
      job: id,
      model,
      machineType: work.machineType ?? estimator.defaultMachine(work.priceBook),
      acceleratorType,
      acceleratorCount,
      batchSize,
      rows,
      workSeconds: Math.max(0, replicaHours - estimator.startupHours(work)) * 3600,
      replicaHours,
      estimatedUsd: usd.estimated.toNumber(),
      actualUsd: usd.actual.toNumber(),
      endedAt,
    });
  }
}
