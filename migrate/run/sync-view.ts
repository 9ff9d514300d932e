import { OperatorError } from '../../errors/operator-error.js';
import { GRPC_STATUS, readGrpcCode } from '../../datasources/google/grpc-status.js';
import { ADMIN_POLICY, withRetry } from '../../datasources/google/retry-policy.js';
import { fromProtoTime } from '../../datasources/google/vertex/proto-time.js';
import { pause } from '../../runtime/pause.js';
import { formatInstant, parseInstant } from '../../values/instant.js';
import type { StepExecutor } from './step-context.js';

/** Syncs a view with its tables, once: a sync that this step began, or one of the schedule since, counts. */
export const syncView: StepExecutor<'sync'> = async (step, context) => {
  const { state, services, signal } = context;
  const client = await services.vertex.featureOnlineStores();
  const known = state.progressOf(step.id)?.operation ?? null;
  let name = known ?? (await findSync());
  if (name === undefined) {
    const [{ featureViewSync }] = await withRetry(ADMIN_POLICY, (timeout) =>
      client.syncFeatureView({ featureView: step.view }, { timeout }),
    );
    name = featureViewSync ?? '';
  }
  await state.note(step.id, { operation: name });
  for (;;) {
    signal.throwIfAborted();
    const request = { name };
    const [sync] = await withRetry(ADMIN_POLICY, (timeout) => client.getFeatureViewSync(request, { timeout })).catch(
      async (error: unknown) => {
        if (readGrpcCode(error) === GRPC_STATUS.NOT_FOUND) await forget();
        throw error;
      },
    );
    if (sync.runTime?.endTime) {
      const { code, message } = sync.finalStatus ?? {};
      if (!code) return `${String(sync.syncSummary?.rowSynced ?? 0)} rows`;
      await forget();
      throw new OperatorError(`${step.title}: the sync failed: ${message ?? ''}`, [
        'see whether the service account of the view may read the dataset; a grant takes some minutes',
      ]);
    }
    await pause(services.pollMs, signal);
  }

  async function findSync(): Promise<string | undefined> {
    const begunAt = parseInstant(state.progressOf(step.id)!.begunAt);
    const taken = new Set(Object.values(state.document.progress).map(({ operation }) => operation));
    const request = { parent: step.view, orderBy: 'create_time desc', pageSize: 20 };
    const [syncs] = await withRetry(ADMIN_POLICY, (timeout) =>
      client.listFeatureViewSyncs(request, { timeout, autoPaginate: false }),
    );
    const found = syncs.find(
      ({ name: one, createTime, finalStatus }) =>
        !taken.has(one ?? null) && !finalStatus?.code && (fromProtoTime(createTime) ?? 0n) >= begunAt,
    );
    return found?.name ?? undefined;
  }

  /** The next run starts another sync. */
  async function forget(): Promise<void> {
    await state.note(step.id, { operation: null, begunAt: formatInstant(services.clock()) });
  }
};
