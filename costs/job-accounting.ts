import type { BatchWork, JobCost, JobWork } from '../datasources/job-store/job-cost.js';
import type { JobRecord } from '../datasources/job-store/job-record.js';
import { isTerminalState } from '../datasources/job-store/job-state.js';
import { badInput } from '../errors/app-error.js';
import type { Accounting } from '../jobs/accounting.js';
import type { CostTerms } from '../jobs/job-request.js';
import type { Costs } from './costs.js';
import { Decimal } from './decimal.js';
import { estimateWork } from './estimate-work.js';
import { jobCostSoFar } from './job-cost.js';
import { toStoredEstimate } from './stored-estimate.js';

/** Charges jobs by the price books and the budgets, and stores their costs in the history of models. */
export class JobAccounting implements Accounting {
  constructor(private readonly costs: Costs) {}

  async admit(work: JobWork, { createdBy, maxCostUsd }: CostTerms): Promise<JobCost> {
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

  async chargeEstimate({ admission, estimate }: JobCost): Promise<void> {
    await this.costs.guard.settle(admission, new Decimal(estimate.total));
  }

  async settle(job: JobRecord, replicaHours: number | null): Promise<void> {
    const { cost, startedAt } = job;
    if (!cost || !isTerminalState(job.state)) return;
    // If the usage is unknown, the estimate is charged: charging nothing would bypass the budget.
    const estimated = new Decimal(cost.estimate.total);
    const actual =
      startedAt === null
        ? new Decimal(0)
        : (jobCostSoFar(this.costs.estimator, cost, replicaHours)?.total ?? estimated);
    if (cost.work.kind === 'BATCHES' && replicaHours !== null) {
      await this.#recordModelRun(job, cost.work, replicaHours, { estimated, actual });
    }
    await this.costs.guard.settle(cost.admission, actual);
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
