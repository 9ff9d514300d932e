import type { protos } from '@google-cloud/aiplatform';
import { toErrorMessage } from '../../errors/error-message.js';
import { OperatorError } from '../../errors/operator-error.js';
import { formatTablePath, readTable } from '../../datasources/google/bigquery/tables.js';
import { GRPC_STATUS, isTransient, readGrpcCode } from '../../datasources/google/grpc-status.js';
import { ADMIN_POLICY, withRetry } from '../../datasources/google/retry-policy.js';
import { fromProtoTime, toProtoTime } from '../../datasources/google/vertex/proto-time.js';
import { pause } from '../../runtime/pause.js';
import { formatInstant, MICROS_PER_SECOND, parseInstant, type Instant } from '../../values/instant.js';
import type { StepOf } from '../migration-steps.js';
import { OperationFailedError, waitForOperation, type Operation } from './operations.js';
import type { StepContext, StepExecutor } from './step-context.js';

const DAY = 86_400n * MICROS_PER_SECOND;
/** By how much the clock of Vertex AI may be behind that of this machine. */
const CLOCK_SKEW = 120n * MICROS_PER_SECOND;
/** With doubling pauses, two minutes: longer than the quota of 60 operations a minute needs. */
const STARTS = 7;

/**
 * Exports the values of an entity type into a table of BigQuery. The API has no id for a request and refuses a second
 * export into the same table, so a lost answer is found again by listing the operations of the entity type.
 *
 * The export is a full one: in a snapshot, each value has the time of the snapshot.
 */
export const exportValues: StepExecutor<'export'> = async (step, context) => {
  const { state, services } = context;
  const progress = state.progressOf(step.id);
  if (progress?.isStarting !== true && (await findTable(step, context))) {
    throw new OperatorError(
      `${step.title}: table ${formatTablePath(step.to)} is there, and no export of this plan made it.`,
      ['delete it, or plan with another --prefix'],
    );
  }
  const operation = progress?.operation ?? (await findOrStart(step, context));
  await state.note(step.id, { operation });
  const client = await services.vertex.legacyFeaturestores();
  try {
    await waitForOperation(client, operation, context);
  } catch (error) {
    // Without an answer the operation may still run: the next run waits for it.
    if (!(error instanceof OperationFailedError) && readGrpcCode(error) !== GRPC_STATUS.NOT_FOUND) throw error;
    await forget(step, context);
    throw refused(step, error);
  }
  if (await findTable(step, context)) return null;
  await forget(step, context);
  throw new OperatorError(`${step.title}: the export ended, and table ${formatTablePath(step.to)} is not there.`);
};

/** The next run starts a new export. */
async function forget(step: StepOf<'export'>, { state, services }: StepContext): Promise<void> {
  await state.note(step.id, { operation: null, isStarting: false, begunAt: formatInstant(services.clock()) });
}

async function findTable({ to }: StepOf<'export'>, { services }: StepContext): Promise<boolean> {
  return (await readTable(services.bigQuery, to)) !== undefined;
}

async function findOrStart(step: StepOf<'export'>, context: StepContext): Promise<string> {
  const { state, services, signal } = context;
  const client = await services.vertex.legacyFeaturestores();
  for (let start = 1; ; start += 1) {
    const started = state.progressOf(step.id)?.isStarting ? await findStarted(step, context) : undefined;
    if (started !== undefined) return started;
    await state.note(step.id, { isStarting: true });
    try {
      const timeout = services.createPolicy.attemptMs;
      const [operation] = await client.exportFeatureValues(toRequest(step, context), { timeout });
      if (!operation.name) throw new Error('the operation has no name');
      return operation.name;
    } catch (error) {
      if (!isTransient(error) || start === STARTS) throw refused(step, error);
      await pause(services.createPolicy.pauseMs * 2 ** start, signal);
      signal.throwIfAborted();
    }
  }
}

function toRequest({ entityType, to, since }: StepOf<'export'>, { state }: StepContext) {
  return {
    entityType,
    fullExport: since === null ? {} : { startTime: toProtoTime(startOf(since, state)) },
    destination: { bigqueryDestination: { outputUri: `bq://${formatTablePath(to)}` } },
    featureSelector: { idMatcher: { ids: ['*'] } },
  };
}

/** The API takes milliseconds, and compares event times with it: a value that is written late has an earlier one. */
function startOf(
  { export: first, days }: NonNullable<StepOf<'export'>['since']>,
  state: StepContext['state'],
): Instant {
  const begunAt = state.progressOf(first)?.begunAt;
  if (begunAt === undefined) throw new Error(`step ${first} has not begun`);
  const start = parseInstant(begunAt) - BigInt(days) * DAY;
  return start - (start % 1000n);
}

/** The operation of an export that this step started, whose answer was lost. */
async function findStarted(step: StepOf<'export'>, { state, services }: StepContext): Promise<string | undefined> {
  const begunAt = parseInstant(state.progressOf(step.id)!.begunAt);
  const taken = new Set(Object.values(state.document.progress).map(({ operation }) => operation));
  const client = await services.vertex.legacyFeaturestores();
  for (const name of await withRetry(ADMIN_POLICY, () => listExports(client, step.entityType))) {
    if (taken.has(name)) continue;
    const { metadata, latestResponse } = await withRetry(ADMIN_POLICY, () =>
      client.checkExportFeatureValuesProgress(name),
    );
    if (latestResponse.error) continue;
    const createdAt = fromProtoTime(readGenericMetadata(metadata)?.createTime);
    if (createdAt !== null && createdAt >= begunAt - CLOCK_SKEW) return name;
  }
  return undefined;
}

async function listExports(client: OperationsLister, entityType: string): Promise<string[]> {
  const names: string[] = [];
  const request = { name: entityType, filter: '', pageSize: 100, pageToken: '' };
  for await (const { name, metadata } of client.listOperationsAsync(request, { autoPaginate: false })) {
    if (name && JSON.stringify(metadata ?? {}).includes('.ExportFeatureValuesOperationMetadata"')) names.push(name);
  }
  return names;
}

interface OperationsLister {
  listOperationsAsync(
    request: { name: string; filter: string; pageSize: number; pageToken: string },
    options: { autoPaginate: false },
  ): AsyncIterable<Operation & { readonly metadata?: unknown }>;
}

type GenericMetadata = protos.google.cloud.aiplatform.v1.IGenericOperationMetadata;

function readGenericMetadata(metadata: unknown): GenericMetadata | null | undefined {
  return (metadata as protos.google.cloud.aiplatform.v1.IExportFeatureValuesOperationMetadata | null)?.genericMetadata;
}

function refused({ title }: StepOf<'export'>, error: unknown): OperatorError {
  return new OperatorError(`${title}: Vertex AI refused it: ${toErrorMessage(error)}`, [], { cause: error });
}
