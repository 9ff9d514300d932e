/** The meters that the estimators count. A book may price any of them, and has as many others as it likes. */
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

/** Hours of a month as price lists count it: 365 days / 12. */
export const HOURS_PER_MONTH = 730;
