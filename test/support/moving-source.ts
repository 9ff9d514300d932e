import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { DuckDbDatabase } from '../../datasources/duckdb/database.js';
import type { FileReader } from '../../datasources/files/file-reader.js';
import { DuckDbOfflineStore } from '../../datasources/offline/duckdb/duckdb-offline-store.js';
import type { ImportedRows } from '../../datasources/offline/importing-offline-store.js';
import type { FeatureRow } from '../../datasources/offline/offline-store.js';
import { LmdbOnlineStore } from '../../datasources/online/lmdb/lmdb-online-store.js';
import { loadRegistry } from '../../datasources/registry/yaml/load-registry.js';
import { prepareStores } from '../../ingestion/prepare.js';
import type { FeatureCell } from '../../values/feature-cell.js';
import { oracleCell } from './point-in-time-oracle.js';

/** A row of a file. */
export interface Order {
  readonly id: string;
  /** Seconds since 2001. */
  readonly second: number;
  /** null: no value. */
  readonly total: number | null;
}

/** The rows of each file of the table, by the file's name. */
export type Files = ReadonlyMap<string, readonly Order[]>;

export interface MovingSourceOptions {
  readonly folder: string;
  readonly reader: FileReader;
  /** The `incremental` key of the registry. */
  readonly incremental: string | null;
  readonly dense: boolean;
  readonly format?: 'csv' | 'parquet';
  /** Whether the SQL counts the orders of an entity until each. */
  readonly hasWindow?: boolean;
  /** Rows with a greater total violate an expectation with QUARANTINE. */
  readonly most?: number;
}

const IDS = ['a', 'b', 'c'];
const START = BigInt(Date.parse('2001-01-01T00:00:00Z')) * 1000n;
const NOW = START + 1_000_000_000_000n;
const at = (second: number): bigint => START + BigInt(second) * 1_000_000n;
const OPTIONS = { strictlyBefore: false, knownAtLabelTime: false, includeExpired: false, knownAt: null };

/** A source over a folder of files, prepared as a gateway prepares it, and the values that it must have. */
export class MovingSource {
  constructor(private readonly options: MovingSourceOptions) {}

  /** Writes the files, refreshes, and says how, and which values the stores then have. */
  async refresh(files: Files): Promise<{ imported: ImportedRows | undefined; online: string[]; asOf: string[] }> {
    const { folder, reader } = this.options;
    await this.#write(files);
    const registry = await loadRegistry(join(folder, 'registry.yaml'));
    const entityType = registry.entityType('shop', 'customer');
    const database = await DuckDbDatabase.open(join(folder, 'data/offline.duckdb'));
    const offline = await DuckDbOfflineStore.open(database, entityType.sources, { reader });
    const online = new LmdbOnlineStore(join(folder, 'data/online'));
    try {
      const outcome = await prepareStores(
        registry,
        offline,
        () => online,
        () => NOW,
        () => undefined,
      );
      const { features } = entityType;
      const now = await online.read({ entityType, entityIds: IDS, features, now: NOW });
      const then = await offline.pointInTime({ entityType, features, labels: this.#labels(files) });
      return {
        imported: outcome.imported.get(entityType.sources[0]!),
        online: now.map(toText),
        asOf: then.map(toText),
      };
    } finally {
      await online.close();
      await offline.close();
    }
  }

  /** Works on the offline store between two refreshes. */
  async use(work: (database: DuckDbDatabase) => Promise<unknown>): Promise<void> {
    const database = await DuckDbDatabase.open(join(this.options.folder, 'data/offline.duckdb'));
    try {
      await work(database);
    } finally {
      database.close();
    }
  }

  /** The values by the plainest program, from the rows of the files in the order of their names. */
  async expected(files: Files): Promise<{ online: string[]; asOf: string[] }> {
    const registry = await loadRegistry(join(this.options.folder, 'registry.yaml'));
    const { features } = registry.entityType('shop', 'customer');
    const orders = [...files].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, ofFile]) => ofFile);
    const { most = Infinity } = this.options;
    const kept = orders.filter(({ total }) => total === null || total <= most);
    const rows = kept.map((order): FeatureRow => ({
      entityId: order.id,
      timestamp: at(order.second),
      values: new Map<string, bigint | null>([
        ['total', order.total === null ? null : BigInt(order.total)],
        ['orders', BigInt(orders.filter(({ id, second }) => id === order.id && second <= order.second).length)],
      ]),
    }));
    const cells = (label: { entityId: string; time: bigint }) =>
      toText(features.map((feature) => oracleCell(rows, label, feature, OPTIONS)));
    return {
      online: IDS.map((entityId) => cells({ entityId, time: NOW })),
      asOf: this.#labels(files).map(cells),
    };
  }

  #labels(files: Files): { entityId: string; time: bigint }[] {
    const seconds = new Set([...files.values()].flat().flatMap(({ second }) => [second - 1, second]));
    return [...seconds, 1_000_000].flatMap((second) => IDS.map((entityId) => ({ entityId, time: at(second) })));
  }

  async #write(files: Files): Promise<void> {
    const { folder, incremental, dense, format = 'csv', hasWindow = false, most } = this.options;
    mkdirSync(join(folder, 'data'), { recursive: true });
    rmSync(join(folder, 'orders'), { recursive: true, force: true });
    mkdirSync(join(folder, 'orders'));
    const expected = most === undefined ? '' : `, expectations: [{ max: ${most}, onViolation: QUARANTINE }]`;
    const table =
      format === 'csv'
        ? '{ file: orders, timeZone: UTC, columns: { id: VARCHAR, moment: TIMESTAMP, total: BIGINT } }'
        : '{ file: orders }';
    writeFileSync(
      join(folder, 'registry.yaml'),
      `featurestores:
  - name: shop
    tables: { orders: ${table} }
    entityTypes:
      - name: customer
        entityIdColumns: [id]
        dense: ${dense}
        sources:
          - sql: orders.sql
            timestampColumn: moment
            ${incremental === null ? '' : `incremental: ${incremental}`}
            features: [{ name: total, valueType: INT64${expected} }${hasWindow ? ', { name: orders, valueType: INT64 }' : ''}]
`,
    );
    const orders = hasWindow ? ', count(*) OVER (PARTITION BY id ORDER BY moment) AS orders' : '';
    writeFileSync(join(folder, 'orders.sql'), `SELECT id, moment, total${orders} FROM orders`);
    if (format === 'parquet') return this.#writeParquet(files);
    for (const [name, rows] of files) {
      const lines = rows.map(({ id, second, total }) => `${id},${toTime(second)},${total ?? ''}`);
      writeFileSync(join(folder, 'orders', `${name}.csv`), ['id,moment,total', ...lines, ''].join('\n'));
    }
  }

  async #writeParquet(files: Files): Promise<void> {
    const database = await DuckDbDatabase.open(':memory:');
    try {
      await database.use(async (connection) => {
        for (const [name, rows] of files)
          await writeParquet(connection, join(this.options.folder, 'orders', `${name}.parquet`), rows);
      });
    } finally {
      database.close();
    }
  }
}

async function writeParquet(connection: DuckDBConnection, path: string, rows: readonly Order[]): Promise<void> {
  const values = rows.map(
    ({ id, second, total }, index) => `(${index}, '${id}', TIMESTAMP '${toTime(second)}', ${total}::BIGINT)`,
  );
  const table =
    values.length > 0 ? `(VALUES ${values.join(', ')})` : `(SELECT 0, 'a', now()::TIMESTAMP, 0::BIGINT LIMIT 0)`;
  await connection.run(
    `COPY (SELECT id, moment, total FROM ${table} AS t(i, id, moment, total) ORDER BY i) TO '${path}' (FORMAT parquet)`,
  );
}

function toTime(second: number): string {
  return new Date(Number(at(second) / 1000n)).toISOString().slice(0, -1).replace('T', ' ');
}

function toText(cells: readonly FeatureCell[]): string {
  return cells.map(({ status, value, timestamp }) => `${status} ${value as bigint | null} ${timestamp}`).join(', ');
}
