import pRetry from 'p-retry';
import { AppError } from '../../../errors/app-error.js';
import type { OfflineStore } from '../../offline/offline-store.js';
import type { Featurestore } from '../../registry/model.js';
import { unlessAborted } from '../../unless-aborted.js';

/** What is asked of an offline store that is not the embedded one. */
export type HistoryStore = Pick<OfflineStore, 'maxLabelsPerRead' | 'bulk' | 'pointInTime' | 'rows'>;

/** The offline store of a featurestore whose history is not in the embedded one; undefined for the others. */
export type StoreElsewhere = (featurestore: Featurestore) => HistoryStore | undefined;

/** With pauses of 1 s, 2 s, 4 s, ... a job outlasts half a minute without the store. */
const OUTAGE_RETRIES = 5;

/**
 * For a job, which has time: asks again when the store did not answer. When the job is to stop, the store is told, which
 * ends what it would be billed for, and is not waited for.
 */
export function patiently(elsewhere: StoreElsewhere, signal: AbortSignal): StoreElsewhere {
  const patient = <Answer>(ask: () => Promise<Answer>): Promise<Answer> =>
    unlessAborted(signal, askPatiently(signal, ask));
  return (featurestore) => {
    const store = elsewhere(featurestore);
    return (
      store && {
        maxLabelsPerRead: store.maxLabelsPerRead,
        bulk: store.bulk,
        rows: (read) => store.rows({ ...read, signal }),
        pointInTime: (read) => patient(() => store.pointInTime({ ...read, signal })),
      }
    );
  };
}

/** Asks again when the store did not answer. */
export async function askPatiently<Answer>(signal: AbortSignal, ask: () => Promise<Answer>): Promise<Answer> {
  return pRetry(ask, {
    retries: OUTAGE_RETRIES,
    signal,
    shouldRetry: ({ error }) => error instanceof AppError && error.code === 'STORE_UNAVAILABLE',
  });
}
