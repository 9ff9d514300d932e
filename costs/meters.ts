/** The meters that the estimators count. A book may price any of them, and may have further meters. */
export const METERS = {
  machineHour: 'machine-hour',
  acceleratorHour: 'accelerator-hour',
  onlineNodeHour: 'online-node-hour',
  onlineStorage: 'online-storage-gib-month',
  onlineReads: 'online-read-million',
  synced: 'synced-gib',
  offlineStorage: 'offline-storage-gib-month',
  offlineScan: 'offline-scan-tib',
} as const;

/** The hours of a month in price lists: 365 days / 12. */
export const HOURS_PER_MONTH = 730;
