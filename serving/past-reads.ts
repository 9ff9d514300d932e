import { isMiss, type EntityHistory, type HistoryMiss } from '../datasources/online/entity-history.js';
import type { OfflineStore } from '../datasources/offline/offline-store.js';

/** The reads of the past by clients. */
export type PastReads = Pick<OfflineStore, 'pointInTime' | 'history'>;

/** What answered a read: the key-value history, or the offline store, and then why. */
export type PastReadOutcome = 'HISTORY' | HistoryMiss;

/** Reads of the past from the key-value history where it has the rows, and from the offline store otherwise. */
export function historyFirst(
  history: EntityHistory,
  offline: OfflineStore,
  onRead: (outcome: PastReadOutcome) => void,
): PastReads {
  return {
    pointInTime: async (read) => {
      const { length } = read.labels;
      // The offline store refuses such a read.
      if (length === 0 || length > offline.maxLabelsPerRead) return offline.pointInTime(read);
      const cells = await history.pointInTime(read);
      onRead(isMiss(cells) ? cells : 'HISTORY');
      return isMiss(cells) ? offline.pointInTime(read) : cells;
    },
    history: async (read) => {
      const entries = history.history(read);
      onRead(isMiss(entries) ? entries : 'HISTORY');
      return isMiss(entries) ? offline.history(read) : entries;
    },
  };
}
