import { randomUUID } from 'node:crypto';
import type { BigQuery } from '@google-cloud/bigquery';
import { toErrorMessage } from '../../../errors/error-message.js';
import type { Finding } from '../../diagnosis.js';
import { openBigQueryClient } from '../../google/bigquery/client.js';
import { DEFAULT_RETRY_DELAY_MS } from '../../google/bigquery/rate-limits.js';
import { formatTablePath } from '../../google/bigquery/tables.js';
import type { BigQuerySettings, FeatureSource } from '../../registry/model.js';
import { quoteForBigQuery } from '../point-in-time/bigquery/table.js';
import { loadRows } from './load-rows.js';
import type { BigQueryDependencies } from './open-bigquery.js';
import { QueryJobs } from './query-jobs.js';
import { resolveTableAddress, tableName } from './source-table.js';

/** BigQuery bills at least 10 MiB for a table that a query reads; each statement below reads one small table at most. */
const MAX_BYTES_BILLED = 10_485_760;
/** The table that a run leaves when it is killed is deleted by BigQuery after this time. */
const TABLE_LIFE_MS = 3_600_000;

/**
 * Uses BigQuery as the gateway does: a query without a table, a dry run over each table of the registry, and a row in a
 * table of its own that is loaded, queried, deleted and removed with the table. The tables of the registry are neither
 * read nor changed; the statements are billed for 30 MiB at most.
 */
export async function* probeBigQuery(
  settings: BigQuerySettings,
  sources: readonly FeatureSource[],
  clientOptions: BigQueryDependencies['client'] = {},
): AsyncGenerator<Finding> {
  const client = await openBigQueryClient(settings, clientOptions);
  const jobs = new QueryJobs({
    client,
    settings: { ...settings, maximumBytesBilled: MAX_BYTES_BILLED },
    newId: randomUUID,
    retryDelayMs: DEFAULT_RETRY_DELAY_MS,
    currentOrigin: () => ({}),
  });
  try {
    yield await timed('runs a query without a table', async () => {
      await jobs.rows('doctor', { sql: 'SELECT 1 AS one', params: {}, types: {} });
    });
    for (const source of sources) {
      const path = quoteForBigQuery(formatTablePath(resolveTableAddress(source, settings)));
      const column = source.timestampColumn;
      // A table may require a condition on its partitions.
      const where = column === null ? '' : `\nWHERE h.\`${column}\` > TIMESTAMP '2000-01-01 00:00:00+00'`;
      yield await timed(`plans a read of table ${tableName(source)} (dry run)`, async () => {
        const bytes = await jobs.estimateBytes('doctor', {
          sql: `SELECT h.*\nFROM ${path} AS h${where}`,
          params: {},
          types: {},
        });
        return `${bytes} bytes`;
      });
    }
    if (settings.dataset === null) {
      yield {
        status: 'warning',
        message: 'writes were not tried: the registry names no dataset for tables of its own',
      };
    } else yield* probeRow(client, jobs, settings, settings.dataset);
  } finally {
    await jobs.close();
  }
}

async function* probeRow(
  client: BigQuery,
  jobs: QueryJobs,
  settings: BigQuerySettings,
  dataset: string,
): AsyncGenerator<Finding> {
  const mark = randomUUID();
  const table = client.dataset(dataset).table(`featuregraph_doctor_${mark.replaceAll('-', '_')}`);
  const path = quoteForBigQuery(formatTablePath({ project: settings.project, dataset, table: table.id! }));
  const created = await timed('creates a table of its own', async () => {
    const expirationTime = String(Date.now() + TABLE_LIFE_MS);
    await table.create({ schema: { fields: [{ name: 'mark', type: 'STRING' }] }, expirationTime });
  });
  yield created;
  if (created.status === 'fault') return;
  const countRows = async (): Promise<string> => {
    const rows = await jobs.rows('doctor', { sql: `SELECT mark\nFROM ${path}`, params: {}, types: {} });
    return `${rows.length} rows`;
  };
  try {
    yield await timed('loads a marked row', () =>
      loadRows(
        { client, settings, newId: randomUUID, retryDelayMs: DEFAULT_RETRY_DELAY_MS },
        { table, what: 'values' },
        [{ mark }],
      ),
    );
    yield await timed('reads the marked row', async () => expectText(await countRows(), '1 rows'));
    yield await timed('deletes the marked row', async () => {
      const sql = `DELETE FROM ${path} AS h\nWHERE h.mark = @mark`;
      await jobs.rows('doctor', { sql, params: { mark }, types: { mark: 'STRING' } });
      return expectText(await countRows(), '0 rows');
    });
  } finally {
    yield await timed('removes its table', () => table.delete());
  }
}

function expectText(found: string, expected: string): string {
  if (found !== expected) throw new Error(`found ${found}, not ${expected}`);
  return found;
}

async function timed(what: string, run: () => Promise<unknown>): Promise<Finding> {
  const start = performance.now();
  try {
    const result = await run();
    const detail = typeof result === 'string' ? `, ${result}` : '';
    return { status: 'ok', message: `${what}: ${Math.round(performance.now() - start)} ms${detail}` };
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? `: ${toErrorMessage(error.cause)}` : '';
    const ms = Math.round(performance.now() - start);
    return { status: 'fault', message: `${what}: failed after ${ms} ms: ${toErrorMessage(error)}${cause}` };
  }
}
