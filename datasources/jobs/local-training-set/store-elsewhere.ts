import type { OfflineStore } from '../../offline/offline-store.js';
import type { Featurestore } from '../../registry/model.js';
import { unlessAborted } from '../../unless-aborted.js';
import { outlastOutages } from '../outlast-outages.js';

/** What is asked of an offline store that is not the embedded one. */
export type HistoryStore = Pick<OfflineStore, 'maxLabelsPerRead' | 'pointInTime' | 'history'>;

/** The offline store of a featurestore whose history is not in the embedded one; undefined for the others. */
export type StoreElsewhere = (featurestore: Featurestore) => HistoryStore | undefined;

/**
 * Asks again when the store did not answer. When the job is to stop, the store is told, which ends what it would be billed
 * for, and is not waited for.
 */
export function patiently(elsewhere: StoreElsewhere, signal: AbortSignal): StoreElsewhere {
  const patient = <Answer>(ask: () => Promise<Answer>): Promise<Answer> =>
    unlessAborted(signal, outlastOutages(signal, ask));
  return (featurestore) => {
    const store = elsewhere(featurestore);
    return (
      store && {
        maxLabelsPerRead: store.maxLabelsPerRead,
        pointInTime: (read) => patient(() => store.pointInTime({ ...read, signal })),
        history: (read) => patient(() => store.history({ ...read, signal })),
      }
    );
  };
}
