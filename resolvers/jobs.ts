import type { Principal } from '../auth/principal.js';
import { isBatchPredictionJob, type BatchPredictionJobRecord } from '../batch-prediction/batch-predictions.js';
import type { JobFilter as JobConditions } from '../datasources/job-store/job-store.js';
import type { CostTerms, JobRequest } from '../jobs/job-request.js';
import type { JobRecord } from '../datasources/job-store/job-record.js';
import { AppError, badInput } from '../errors/app-error.js';
import { REQUEST_LIMITS } from '../limits/request-limits.js';
import type { Connection } from '../schema/connection.js';
import type { CostEstimate } from '../schema/cost/cost-estimate.js';
import { JobKindEnum } from '../schema/job/enums.js';
import type { JobFilter } from '../schema/job/job-filter.js';
import { formatResourceName, isJobId, parseResourceName } from '../schema/resource-name.js';
import type { JsonObject } from '../schema/scalars/json-object.js';
import type { RequestContext } from './context.js';
import { jobCostEstimate } from '../costs/job-cost.js';
import { costEstimate } from './costs.js';
import { decodeCursor, encodeCursor, pageSize } from './cursor.js';
import { ownerOf } from './owner-of.js';
import { connection, type PageArguments } from './page.js';

/** The job id in a resource name. Other text is the id of no job. */
export function parseJobId(id: string, field: string): string {
  const name = parseResourceName(id);
  if (name?.kind !== 'job') throw toJobNotFoundError(id, field);
  return name.job;
}

/** The job with this resource name. `field` is the argument. */
export async function findJob({ jobs, audit }: RequestContext, id: string, field = 'id'): Promise<JobRecord> {
  const jobId = parseJobId(id, field);
  return audit.run({ action: 'READ_JOB', job: `jobs/${jobId}` }, async () => {
    const job = await jobs.get(jobId);
    if (!job) throw toJobNotFoundError(id, field);
    return job;
  });
}

export async function findBatchPredictionJob(
  context: RequestContext,
  id: string,
  field = 'id',
): Promise<BatchPredictionJobRecord> {
  const job = await findJob(context, id, field);
  if (!isBatchPredictionJob(job)) {
    const message = `The job "${id}" is of kind ${job.kind}, not BATCH_PREDICTION.`;
    throw new AppError('JOB_NOT_FOUND', message, { field });
  }
  return job;
}

export function toJobNotFoundError(id: string, field: string): AppError {
  return new AppError(
    'JOB_NOT_FOUND',
    `There is no job "${id}". A job id has the form ${formatResourceName({ kind: 'job', job: '…' })}. The query "jobs" lists all jobs.`,
    { field },
  );
}

/** The estimate that a job was admitted with. */
export function estimatedCost({ costs }: RequestContext, { cost }: JobRecord): CostEstimate {
  if (cost) return costEstimate(jobCostEstimate(costs.estimator, cost));
  throw new AppError('VALUE_NOT_REPRESENTABLE', 'This job has no estimate.');
}

export interface JobListArguments extends PageArguments {
  readonly filter: JobFilter | null | undefined;
}

/** The kinds of jobs that have a type in the schema. */
const JOB_KINDS: readonly string[] = Object.values(JobKindEnum);

/** A page of jobs, newest first. The cursor is the id of the job. Ids sort by time, so new jobs never shift a page. */
export async function jobPage(
  { jobs }: RequestContext,
  { filter, first, after }: JobListArguments,
  kinds: readonly string[] = JOB_KINDS,
): Promise<Connection<JobRecord>> {
  const wanted = conditions(filter, kinds);
  return toJobPage('jobs', { first, after }, (range) => jobs.list({ filter: wanted, ...range }));
}

/** A page of a list of jobs. `name` is the name of the list in its cursors. */
export async function toJobPage<Job extends JobRecord>(
  name: string,
  { first, after }: PageArguments,
  list: (range: { readonly before: string | null; readonly limit: number }) => Promise<readonly Job[]>,
): Promise<Connection<Job>> {
  const size = pageSize(first);
  const before = after === null || after === undefined ? null : decodeCursor(name, after, isJobId);
  // One more row tells whether there is a next page.
  const found = await list({ before, limit: size + 1 });
  return connection(found.slice(0, size), ({ id }) => encodeCursor(name, id), {
    hasNextPage: found.length > size,
    hasPreviousPage: before !== null,
  });
}

function conditions(filter: JobFilter | null | undefined, kinds: readonly string[]): JobConditions {
  const { createdFrom, createdTo } = filter ?? {};
  if (createdFrom != null && createdTo != null && createdFrom > createdTo) {
    throw badInput('"createdFrom" is after "createdTo".', 'filter.createdFrom');
  }
  return {
    kinds: filter?.kinds ? filter.kinds.filter((kind) => kinds.includes(kind)) : kinds,
    states: filter?.states ?? undefined,
    labels: stringLabels(filter?.labels, 'filter.labels'),
    createdFrom: createdFrom ?? undefined,
    createdTo: createdTo ?? undefined,
  };
}

/** The values of labels are strings: a filter never compares 1 with "1". */
export function stringLabels(
  labels: JsonObject | null | undefined,
  field = 'labels',
): Readonly<Record<string, string>> {
  const entries = Object.entries(labels ?? {});
  const { maxLabels, maxLabelKeyLength, maxLabelValueLength } = REQUEST_LIMITS;
  if (entries.length > maxLabels)
    throw badInput(`There are ${entries.length} labels, and at most ${maxLabels}.`, field);
  for (const [key, value] of entries) {
    if (key.length > maxLabelKeyLength) {
      throw badInput(`The key of a label has at most ${maxLabelKeyLength} characters.`, field);
    }
    if (typeof value !== 'string') {
      throw badInput(`The label "${key}" must be a string. Write its value in quotes.`, `${field}.${key}`);
    }
    if (value.length > maxLabelValueLength) {
      throw badInput(`The label "${key}" has at most ${maxLabelValueLength} characters.`, `${field}.${key}`);
    }
    // The store would replace half of a surrogate pair by another character: the filter would not find the job.
    if (!key.isWellFormed() || !value.isWellFormed()) {
      throw badInput('A label must be Unicode text. One contains half of a surrogate pair.', field);
    }
  }
  return Object.fromEntries(entries) as Record<string, string>;
}

/** The display name of a job, as the client wrote it. */
export function displayNameOf<Name extends string | null>(name: Name): Name {
  const { maxDisplayNameLength } = REQUEST_LIMITS;
  if (name !== null && name.length > maxDisplayNameLength) {
    throw badInput(`"displayName" has at most ${maxDisplayNameLength} characters.`, 'displayName');
  }
  return name;
}

export interface JobTerms {
  readonly idempotencyKey: string | null | undefined;
  readonly maxCostUsd: number | null | undefined;
  readonly cancelAboveUsd: number | null | undefined;
}

/** Who pays. */
export function toCostTerms(principal: Principal, maxCostUsd: number | null | undefined): CostTerms {
  return { createdBy: ownerOf(principal), maxCostUsd: maxCostUsd ?? null };
}

/** Who asks for a job, and on what terms. */
export function toJobRequest(
  principal: Principal,
  { idempotencyKey, maxCostUsd, cancelAboveUsd }: JobTerms,
): JobRequest {
  const { maxIdempotencyKeyBytes } = REQUEST_LIMITS;
  if (idempotencyKey != null && Buffer.byteLength(idempotencyKey) > maxIdempotencyKeyBytes) {
    throw badInput(`"idempotencyKey" must have at most ${maxIdempotencyKeyBytes} bytes. Use a UUID.`, 'idempotencyKey');
  }
  if (idempotencyKey === '')
    throw badInput('"idempotencyKey" must not be empty. Use a UUID or omit it.', 'idempotencyKey');
  return {
    ...toCostTerms(principal, maxCostUsd),
    cancelAboveUsd: cancelAboveUsd ?? null,
    idempotencyKey: idempotencyKey ?? null,
  };
}
