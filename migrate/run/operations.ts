import { OperatorError } from '../../errors/operator-error.js';
import { GRPC_STATUS, readGrpcCode } from '../../datasources/google/grpc-status.js';
import { ADMIN_POLICY, withRetry } from '../../datasources/google/retry-policy.js';
import { pause } from '../../runtime/pause.js';
import type { MigrationStep } from '../migration-steps.js';
import type { StepContext } from './step-context.js';

export interface Operation {
  readonly name?: string | null;
  readonly done?: boolean | null;
  readonly error?: { readonly code?: number | null; readonly message?: string | null } | null;
}

/** Each client of Vertex AI answers for the long-running operations of its service. */
export interface OperationsClient {
  getOperation(request: { name: string }, options: { timeout: number }): Promise<[Operation, ...unknown[]]>;
}

/** An operation that ended with an error. An error of a call says nothing of the operation. */
export class OperationFailedError extends Error {
  override readonly name = 'OperationFailedError';
}

/**
 * Waits until an operation has ended. Throws an OperationFailedError if it failed, the error of a call that gave no answer,
 * and the reason of the signal if it aborts.
 */
export async function waitForOperation(
  client: OperationsClient,
  name: string,
  { signal, services }: StepContext,
): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    const [{ done, error }] = await withRetry(ADMIN_POLICY, (timeout) => client.getOperation({ name }, { timeout }));
    if (done) {
      if (error) throw new OperationFailedError(error.message ?? `status ${error.code}`);
      return;
    }
    await pause(services.pollMs, signal);
  }
}

/**
 * Waits for an operation of an interrupted run. It is not known any more, since operations are kept for some days only, or
 * it failed: then the caller looks at what it made.
 */
export async function waitForEarlier(client: OperationsClient, name: string, context: StepContext): Promise<void> {
  await waitForOperation(client, name, context).catch((error: unknown) => {
    if (error instanceof OperationFailedError || readGrpcCode(error) === GRPC_STATUS.NOT_FOUND) return;
    throw error;
  });
}

export interface Creation<Resource> {
  readonly client: OperationsClient;
  /** The resource; throws NOT_FOUND if there is none. */
  readonly get: (timeout: number) => Promise<Resource>;
  readonly create: (timeout: number) => Promise<Operation>;
  /** What of an existing resource is not as planned, as a clause; undefined if all is. */
  readonly findDifference: (resource: Resource) => string | undefined;
}

/**
 * Makes a resource once. A resource that is there counts as made if it is as planned, from any maker; otherwise the step
 * stops, because the migration must not change a resource of another purpose.
 */
export async function createOnce<Resource>(
  step: Pick<MigrationStep, 'id' | 'title'>,
  creation: Creation<Resource>,
  context: StepContext,
): Promise<string | null> {
  const { state, services } = context;
  const known = state.progressOf(step.id)?.operation ?? null;
  if (known !== null) await waitForEarlier(creation.client, known, context);
  const found = await look(creation);
  if (found) {
    requireAsPlanned(step, creation, found);
    return known === null ? ALREADY_THERE : null;
  }
  const operation = await withRetry(services.createPolicy, creation.create).catch((error: unknown) => {
    // It was created by an attempt whose answer was lost, or it is being created.
    if (readGrpcCode(error) === GRPC_STATUS.ALREADY_EXISTS) return undefined;
    throw error;
  });
  if (operation?.name) {
    await state.note(step.id, { operation: operation.name });
    await waitForOperation(creation.client, operation.name, context);
  }
  const made = await lookUntilThere(creation, context);
  requireAsPlanned(step, creation, made);
  return operation ? null : ALREADY_THERE;
}

export const ALREADY_THERE = 'It was already there.';
/** How often a resource that is being created is looked for. */
const LOOKS = 60;

async function look<Resource>({ get }: Creation<Resource>): Promise<Resource | undefined> {
  return withRetry(ADMIN_POLICY, get).catch((error: unknown) => {
    if (readGrpcCode(error) === GRPC_STATUS.NOT_FOUND) return undefined;
    throw error;
  });
}

async function lookUntilThere<Resource>(
  creation: Creation<Resource>,
  { services, signal }: StepContext,
): Promise<Resource> {
  for (let looks = 0; looks < LOOKS; looks += 1) {
    const found = await look(creation);
    if (found) return found;
    await pause(services.pollMs, signal);
    signal.throwIfAborted();
  }
  throw new OperatorError('Vertex AI says that it exists and that it does not. Run the command again later.');
}

function requireAsPlanned<Resource>(
  { title }: Pick<MigrationStep, 'title'>,
  { findDifference }: Creation<Resource>,
  resource: Resource,
): void {
  const difference = findDifference(resource);
  if (difference === undefined) return;
  throw new OperatorError(`${title}: one of this name is there, and ${difference}.`, [
    'delete it, or plan with another --prefix or --online-store',
  ]);
}
