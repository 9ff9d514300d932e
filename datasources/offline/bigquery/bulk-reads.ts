import type { Table } from '@google-cloud/bigquery';
import { badInput } from '../../../errors/app-error.js';
import type { Clock } from '../../../values/clock.js';
import { formatInstant, type Instant } from '../../../values/instant.js';
import type { FeatureSource } from '../../registry/model.js';
import type { BulkRead, BulkReads, LabelCells, ScanEstimate } from '../offline-store.js';
import { FilteredIds } from '../point-in-time/bigquery/row-filters.js';
import type { BigQueryTable } from '../point-in-time/bigquery/table.js';
import { billedBytes } from './billed-bytes.js';
import { loadRows, type Loading } from './load-rows.js';
import { MAX_TIMEOUT_SECONDS, type QueryJobs } from './query-jobs.js';
import {
  parseLabel,
  computeLabelBounds,
  bulkQuery,
  FEATURES_PER_QUERY,
  LABEL_COLUMNS,
  labelCells,
  type LoadedLabels,
} from './read-point-in-time.js';
import { formatTablePath, tableAt } from '../../google/bigquery/tables.js';
import { storeError } from './store-error.js';

/** The rows of one load job: some 25 MB, so that a repeat after a broken connection is quick. */
const LABELS_PER_LOAD = 250_000;
/** BigQuery removes the table that a killed process leaves behind after this time, which exceeds the longest query. */
const TABLE_LIFE: Instant = 86_400_000_000n;
/**
 * The approximate size of a label in a table that it is loaded into: its number, its time, and an id of up to a hundred
 * characters.
 */
const BYTES_PER_LABEL = 118n;

export interface BulkOptions extends Loading {
  /** The dataset with the tables of labels. */
  readonly dataset: string;
  readonly jobs: QueryJobs;
  readonly clock: Clock;
  readonly findTable: (source: FeatureSource) => BigQueryTable;
}

/**
 * Reads of millions of labels. As parameters they would need hundreds of queries, each of which scans the source and is
 * billed. Loaded into a table of their own, at no cost, they need one query.
 */
export class BigQueryBulkReads implements BulkReads {
  readonly maxLabels = 5_000_000;

  constructor(private readonly options: BulkOptions) {}

  estimateLabelScan(labels: number): ScanEstimate {
    const scanned = BYTES_PER_LABEL * BigInt(labels);
    return { scanned, billed: billedBytes(scanned, 1) };
  }

  async *pointInTime(read: BulkRead): AsyncGenerator<LabelCells[]> {
    const { client, settings, dataset, newId, jobs, findTable: tableOf } = this.options;
    const { signal, payer, features } = read;
    if (features.length > FEATURES_PER_QUERY) {
      throw badInput(
        `BigQuery answers a query of at most ${FEATURES_PER_QUERY} features of a source, and this asks for ${features.length}. Ask for fewer features at once.`,
        'features',
      );
    }
    const address = {
      project: settings.project,
      dataset,
      table: `featuregraph_labels_${newId().replaceAll('-', '_')}`,
    };
    const table = tableAt(client, address);
    try {
      const labels = await this.#load(table, read);
      if (labels === undefined) return;
      const { query } = bulkQuery(read, { path: formatTablePath(address), ...labels }, tableOf);
      // The table of the labels is billed too.
      const run = { signal, payer, tables: 2, timeoutSeconds: MAX_TIMEOUT_SECONDS };
      for await (const rows of jobs.pages('point_in_time', query, run)) {
        yield rows.map((row) => labelCells(row, read));
      }
    } finally {
      await table.delete().catch(() => undefined);
    }
  }

  /** The times and the ids of the labels in the table; undefined when no label can match a row. */
  async #load(table: Table, { labels, signal }: BulkRead): Promise<Omit<LoadedLabels, 'path'> | undefined> {
    const expirationTime = String((this.options.clock() + TABLE_LIFE) / 1000n);
    const times: Instant[] = [];
    const filtered = new FilteredIds();
    try {
      signal?.throwIfAborted();
      await table.create({ schema: { fields: LABEL_COLUMNS }, expirationTime });
      for (let from = 0; from < labels.count; from += LABELS_PER_LOAD) {
        const page = await labels.page(from, Math.min(from + LABELS_PER_LOAD, labels.count));
        const asked = page.flatMap((label, index) => parseLabel(label, from + index));
        if (asked.length === 0) continue;
        const rows = asked.map(({ row, entityId, time }) => ({
          row_id: row,
          label_time: formatInstant(time),
          entity_id: entityId,
        }));
        await loadRows({ ...this.options, signal }, { table, what: 'labels' }, rows);
        const { earliest, latest } = computeLabelBounds(asked);
        times.push(earliest, latest);
        for (const { entityId } of asked) filtered.add(entityId);
      }
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      throw storeError(error, this.options.settings.maximumBytesBilled);
    }
    if (times.length === 0) return undefined;
    return { bounds: computeLabelBounds(times.map((time) => ({ time }))), entityIds: filtered.ids };
  }
}
