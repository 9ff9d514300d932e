import type { BigtableSettings } from '../../registry/model.js';

/**
 * The server's clock decides garbage collection, and a read takes time. The margin ensures that garbage collection
 * never removes a cell that a read needs.
 */
export const RETENTION_MARGIN_SECONDS = 3600;

/** The command that creates the table as docs/google-cloud-bigtable.md describes it. */
export function createTable(settings: BigtableSettings): string {
  return (
    `gcloud bigtable instances tables create ${settings.table} --project=${settings.project} ` +
    `--instance=${settings.instance} --column-families="${settings.columnFamily}:${collectionRule(settings)}"`
  );
}

/** Keeps the newest value always, and older ones for the retention and a margin. */
export function collectionRule({ versionRetentionSeconds }: BigtableSettings): string {
  if (versionRetentionSeconds === 0) return 'maxversions=1';
  return `maxversions=1&&maxage=${Math.ceil((versionRetentionSeconds + RETENTION_MARGIN_SECONDS) / 3600)}h`;
}
