import type { OfflineStore } from '../datasources/offline/offline-store.js';
import type { Featurestore } from '../datasources/registry/model.js';
import { raceAbort } from '../runtime/race-abort.js';
import { retryOnOutage } from '../runtime/retry-on-outage.js';

/** What is asked of an offline store that is not the embedded one. */
export type HistoryStore = Pick<OfflineStore, 'maxLabelsPerRead' | 'bulk' | 'pointInTime' | 'rows'>;

/** The offline store of a featurestore whose history is not in the embedded one; undefined for the others. */
export type FindRemoteStore = (featurestore: Featurestore) => HistoryStore | undefined;

/**
 * For a job, which has time: asks again when the store did not answer. When the job is to stop, the store is told, which
 * ends what it would be billed for, and is not waited for.
 */
export function withOutageRetry(findRemoteStore: FindRemoteStore, signal: AbortSignal): FindRemoteStore {
  const retry = <Answer>(ask: () => Promise<Answer>): Promise<Answer> => raceAbort(signal, retryOnOutage(signal, ask));
  return (featurestore) => {
    const store = findRemoteStore(featurestore);
    return (
      store && {
        maxLabelsPerRead: store.maxLabelsPerRead,
        bulk: store.bulk,
        rows: (read) => store.rows({ ...read, signal }),
        pointInTime: (read) => retry(() => store.pointInTime({ ...read, signal })),
      }
    );
  };
}
