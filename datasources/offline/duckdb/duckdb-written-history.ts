import {
  LIST,
  listValue,
  TIMESTAMP,
  timestampValue,
  VARCHAR,
  type DuckDBConnection,
  type DuckDBPreparedStatement,
} from '@duckdb/node-api';
import { inTransaction, type DuckDbDatabase } from '../../duckdb/database.js';
import { ensureHistoryTable } from '../../duckdb/history-table.js';
import type { EntityType, FeatureSource } from '../../registry/model.js';
import type { FeatureRow } from '../offline-store.js';
import type { Moment, WrittenHistory } from '../written-history.js';
import { appendRows } from './append-rows.js';
import { deleteRows } from './delete-rows.js';
import { selectRows } from './read-rows.js';

/** How far the rows of each log are in this file. */
const TABLE = '"$featuregraph".drained_logs';

/**
 * Takes the rows of a log of writes. It has its own connections: the store's own ones wait for the log to be drained,
 * and each of these runs one query at a time.
 */
export class DuckDbWrittenHistory implements WrittenHistory {
  /**
   * The columns of the tables that rows were appended to. Another registry has other objects, so its first rows look at the
   * tables again. Looking each time was half of a small append.
   */
  readonly #columns = new WeakMap<FeatureSource, readonly string[]>();

  private constructor(
    private readonly database: DuckDbDatabase,
    private readonly appending: DuckDBConnection,
    private readonly reading: DuckDBConnection,
    private readonly drained: DuckDBPreparedStatement,
  ) {}

  static async open(database: DuckDbDatabase): Promise<DuckDbWrittenHistory> {
    const appending = await database.connect();
    await appending.run('CREATE SCHEMA IF NOT EXISTS "$featuregraph"');
    await appending.run(`CREATE TABLE IF NOT EXISTS ${TABLE} (log_id VARCHAR PRIMARY KEY, up_to BIGINT NOT NULL)`);
    const drained = await appending.prepare(`INSERT OR REPLACE INTO ${TABLE} VALUES ($1, $2)`);
    return new DuckDbWrittenHistory(database, appending, await database.connect(), drained);
  }

  async drainedUpTo(logId: string): Promise<number> {
    const rows = await this.appending.runAndReadAll(`SELECT up_to FROM ${TABLE} WHERE log_id = $1`, [logId]);
    const [[upTo] = []] = rows.getRows();
    return Number(upTo ?? 0);
  }

  async appendCommits(
    logId: string,
    upTo: number,
    rows: ReadonlyMap<FeatureSource, readonly FeatureRow[]>,
  ): Promise<void> {
    const columns = new Map<FeatureSource, readonly string[]>();
    try {
      await inTransaction(this.appending, async (connection) => {
        for (const [source, ofSource] of rows) {
          const known = this.#columns.get(source) ?? (await ensureHistoryTable(connection, source));
          columns.set(source, known);
          const { rejected } = await appendRows(connection, source, ofSource, known);
          // The writer has checked every row: losing one here would break its acknowledgement.
          if (rejected.length > 0) throw new Error(`acknowledged rows were rejected: ${rejected[0]!.reason}`);
        }
        this.drained.bindVarchar(1, logId);
        this.drained.bindBigInt(2, BigInt(upTo));
        await this.drained.run();
      });
    } catch (error) {
      for (const source of rows.keys()) this.#columns.delete(source);
      throw error;
    }
    // A transaction that fails has made no table.
    for (const [source, known] of columns) this.#columns.set(source, known);
  }

  async rowsAt(source: FeatureSource, moments: readonly Moment[]): Promise<FeatureRow[]> {
    const { timestampColumn, features } = source;
    if (timestampColumn === null) {
      const ids = listValue([...new Set(moments.map(({ entityId }) => entityId))]);
      const condition = 'entity_id IN (SELECT unnest($1))';
      return selectRows(this.reading, source, features, { condition, values: [ids], types: [LIST(VARCHAR)] });
    }
    // Pairs: each of the entities at each of the times would be most of the history when rows arrive out of order.
    return selectRows(this.reading, source, features, {
      condition: '(entity_id, event_timestamp) IN (SELECT unnest($1), unnest($2))',
      values: [
        listValue(moments.map(({ entityId }) => entityId)),
        listValue(moments.map(({ timestamp }) => timestampValue(timestamp!))),
      ],
      types: [LIST(VARCHAR), LIST(TIMESTAMP)],
    });
  }

  async deleteEntities(entityType: EntityType, entityIds: readonly string[]): Promise<number> {
    return deleteRows(this.database, this.appending, entityType, entityIds);
  }

  close(): void {
    this.drained.destroySync();
    this.appending.closeSync();
    this.reading.closeSync();
  }
}
