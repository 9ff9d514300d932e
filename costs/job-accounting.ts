import type { BatchWork, JobCost, JobWork } from '../datasources/job-store/job-cost.js';
import type { JobRecord } from '../datasources/job-store/job-record.js';
import { isTerminalState } from '../datasources/job-store/job-state.js';
import { badInput } from '../errors/app-error.js';
import type { Accounting, QueryLimit } from '../jobs/accounting.js';
import type { CostTerms } from '../jobs/job-request.js';
import type { Clock } from '../values/clock.js';
import type { Instant } from '../values/instant.js';
import type { QueryReference } from '../datasources/offline/query-payer.js';
import type { OpenWork } from './budget-guard.js';
import type { Costs } from './costs.js';
import { compareMoney, Decimal, formatMoney } from './decimal.js';
import { estimateWork } from './estimate-work.js';
import { jobCostSoFar } from './job-cost.js';
import { toStoredEstimate } from './stored-estimate.js';

/** A query runs for six hours at most, and no request waits for a second one of such a length. */
const LONGEST_WORK_AT_ONCE: Instant = 12n * 3_600_000_000n;

/** Charges jobs by the price books and the budgets, and stores their costs in the history of models. */
export class JobAccounting implements Accounting {
  constructor(
    private readonly costs: Costs,
    private readonly clock: Clock,
  ) {}

  async admit(work: JobWork, terms: CostTerms): Promise<JobCost> {
    return this.#admit(work, terms, undefined);
  }

  async admitAtOnce(work: JobWork, terms: CostTerms): Promise<JobCost> {
    const perByte = work.kind === 'SCAN' ? this.costs.estimator.pricePerByte(work) : null;
    const endsBy = String(this.clock() + LONGEST_WORK_AT_ONCE);
    return this.#admit(
      work,
      terms,
      perByte ? { perByte: perByte.toFixed(), endsBy, mayGoOn: true, queries: [] } : undefined,
    );
  }

  async begin({ admission }: JobCost, { project, location, id }: QueryReference): Promise<void> {
    await this.costs.guard.note(admission, { project, location, id });
  }

  async #admit(
    work: JobWork,
    { createdBy, maxCostUsd, cancelAboveUsd }: CostTerms,
    open: OpenWork | undefined,
  ): Promise<JobCost> {
    if (work.kind === 'BATCHES' && work.rows === null && typeof maxCostUsd === 'number') {
      throw badInput(
        'How many rows this input has is not known before it is read, so no limit can be kept. Leave "maxCostUsd" out, ' +
          'and let "cancelAboveUsd" end the job, or predict for a table.',
        'maxCostUsd',
      );
    }
    if (typeof cancelAboveUsd === 'number') checkLimit(cancelAboveUsd);
    const estimate = await estimateWork(this.costs.estimator, work);
    const admission = await this.costs.guard.admit({
      principal: createdBy,
      estimate,
      maxCostUsd,
      ...(open ? { work: open } : {}),
    });
    return {
      work,
      estimate: toStoredEstimate(estimate),
      admission,
      isSettled: false,
      ...(typeof cancelAboveUsd === 'number' ? { cancelAboveUsd } : {}),
      // A metered job that ran no query costs nothing.
      ...(work.kind === 'SCAN' && work.isMetered ? { billedBytes: 0n } : {}),
    };
  }

  async release({ admission }: JobCost): Promise<void> {
    await this.costs.guard.settle(admission, 0);
  }

  async charge(cost: JobCost): Promise<void> {
    const actual = jobCostSoFar(this.costs.estimator, cost, null)?.total ?? new Decimal(cost.estimate.total);
    await this.costs.guard.settle(cost.admission, actual, cost.billedBytes);
  }

  findExcess({ cost }: JobRecord, replicaHours: number | null): string | null {
    if (cost?.cancelAboveUsd === undefined) return null;
    const soFar = jobCostSoFar(this.costs.estimator, cost, replicaHours)?.total;
    const limit = new Decimal(cost.cancelAboveUsd);
    if (!soFar || compareMoney(soFar, limit) <= 0) return null;
    return `The job had cost ${formatMoney(soFar)}, more than the ${formatMoney(limit)} that "cancelAboveUsd" allows.`;
  }

  queryLimit(cost: JobCost): QueryLimit | null {
    const { cancelAboveUsd, work } = cost;
    if (cancelAboveUsd === undefined || work.kind !== 'SCAN') return null;
    const perByte = this.costs.estimator.pricePerByte(work);
    if (!perByte || perByte.isZero()) return null;
    const limit = new Decimal(cancelAboveUsd);
    const soFar = perByte.times(cost.billedBytes ?? 0n);
    const rest = Decimal.max(0, limit.minus(soFar));
    return {
      bytes: BigInt(rest.dividedBy(perByte).floor().toFixed()),
      excess:
        `The job had cost ${formatMoney(soFar)}, and its next query could have cost more than is left of the ` +
        `${formatMoney(limit)} that "cancelAboveUsd" allows.`,
    };
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
    await this.costs.guard.settle(cost.admission, actual, cost.billedBytes);
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

function checkLimit(cancelAboveUsd: number): void {
  if (!Number.isFinite(cancelAboveUsd) || cancelAboveUsd < 0) {
    throw badInput(`"cancelAboveUsd" is a number of dollars from 0, not ${cancelAboveUsd}.`, 'cancelAboveUsd');
  }
}
