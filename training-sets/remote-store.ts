import type { OfflineStore } from '../datasources/offline/offline-store.js';
import type { QueryPayer } from '../datasources/offline/query-payer.js';
import type { Featurestore } from '../datasources/registry/model.js';
import { raceAbort } from '../runtime/race-abort.js';
import { retryOnOutage } from '../runtime/retry-on-outage.js';

/** The operations that training sets need of an offline store other than the embedded one. */
export type HistoryStore = Pick<
  OfflineStore,
  'maxLabelsPerRead' | 'bulk' | 'hasCreationTimes' | 'pointInTime' | 'rows' | 'entityTimes'
>;

/** Returns the offline store of a featurestore whose history is outside the embedded one; undefined for all others. */
export type FindRemoteStore = (featurestore: Featurestore) => HistoryStore | undefined;

/** The stores with a payer of all their reads. */
export function withPayer(findRemoteStore: FindRemoteStore, payer: QueryPayer | undefined): FindRemoteStore {
  if (payer === undefined) return findRemoteStore;
  return (featurestore) => {
    const store = findRemoteStore(featurestore);
    const bulk = store?.bulk;
    return (
      store && {
        maxLabelsPerRead: store.maxLabelsPerRead,
        bulk: bulk && {
          maxLabels: bulk.maxLabels,
          estimateLabelScan: (labels) => bulk.estimateLabelScan(labels),
          pointInTime: (read) => bulk.pointInTime({ ...read, payer }),
        },
        hasCreationTimes: (source) => store.hasCreationTimes(source),
        rows: (read) => store.rows({ ...read, payer }),
        entityTimes: (read) => store.entityTimes({ ...read, payer }),
        pointInTime: (read) => store.pointInTime({ ...read, payer }),
      }
    );
  };
}

/**
 * Retries a read when the store did not respond, because a job can wait. When the job must stop, the store receives the
 * signal, which ends the work that it would bill for. The job does not wait for the store.
 */
export function withOutageRetry(findRemoteStore: FindRemoteStore, signal: AbortSignal): FindRemoteStore {
  const retry = <Answer>(ask: () => Promise<Answer>): Promise<Answer> => raceAbort(signal, retryOnOutage(signal, ask));
  return (featurestore) => {
    const store = findRemoteStore(featurestore);
    return (
      store && {
        maxLabelsPerRead: store.maxLabelsPerRead,
        bulk: store.bulk,
        hasCreationTimes: (source) => store.hasCreationTimes(source),
        rows: (read) => store.rows({ ...read, signal }),
        entityTimes: (read) => store.entityTimes({ ...read, signal }),
        pointInTime: (read) => retry(() => store.pointInTime({ ...read, signal })),
      }
    );
  };
}
