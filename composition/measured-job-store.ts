import type { JobState } from '../datasources/job-store/job-state.js';
import type { JobStore } from '../datasources/job-store/job-store.js';
import type { GatewayMetrics } from '../observability/gateway-metrics.js';

/**
 * The job store with a counter of state changes. A change counts when it is durable, so that a crash counts nothing
 * twice.
 */
export function measuredJobStore(store: JobStore, metrics: GatewayMetrics): JobStore {
  return {
    lookEveryMs: store.lookEveryMs,
    create: async (record) => {
      const kept = await store.create(record);
      // The record is another one: the key had started a job before, and nothing new was stored.
      if (kept.id === record.id) metrics.job(kept.kind, kept.state);
      return kept;
    },
    update: async (id, change, lease) => {
      let before: JobState | undefined;
      const record = await store.update(
        id,
        (current) => {
          before = current.state;
          return change(current);
        },
        lease,
      );
      if (record.state !== before) metrics.job(record.kind, record.state);
      return record;
    },
    findByIdempotencyKey: (key) => store.findByIdempotencyKey(key),
    get: (id) => store.get(id),
    getAll: (ids) => store.getAll(ids),
    claim: (id) => store.claim(id),
    release: (lease) => store.release(lease),
    claimSchedules: () => store.claimSchedules(),
    list: (query) => store.list(query),
    listUnfinished: () => store.listUnfinished(),
    listUnclaimed: () => store.listUnclaimed(),
    close: () => store.close(),
  };
}
