import type { DuckDBValue } from '@duckdb/node-api';
import type { DuckDbDatabase } from '../../duckdb/database.js';
import { interruptOnAbort } from '../../duckdb/interrupt-on-abort.js';
import type { ColumnRead, ColumnReads, ValuesOf } from '../column-reads.js';
import { Parameters } from '../point-in-time/sql-text.js';
import type { Distributions } from '../statistics-read.js';
import { estimateColumns, estimateScan } from './estimate-scan.js';
import { readDistributions } from './read-statistics.js';
import { newestSql } from './statistics-sql.js';

/** Reads of columns in the database of the embedded store: it has the tables, and reads the files. */
export class DuckDbColumnReads implements ColumnReads {
  constructor(private readonly database: DuckDbDatabase) {}

  distributions({ places, signal, ...measured }: ColumnRead): Promise<Distributions> {
    const parameters = new Parameters<DuckDBValue>();
    const rows = places.map((place, range) => {
      const inRanges = places.map((_, other) => `${other === range} AS in_${other}`).join(', ');
      return `SELECT event_timestamp, value, ${inRanges} FROM (${valuesSql(place, parameters)})`;
    });
    const read = { ...measured, ranges: places };
    return this.database.use((connection) =>
      interruptOnAbort(connection, signal, () =>
        readDistributions(connection, read, rows.join('\nUNION ALL '), parameters),
      ),
    );
  }

  estimate(places: readonly ValuesOf[]): Promise<bigint> {
    return this.database.use(async (connection) => {
      let bytes = 0n;
      for (const place of places) {
        bytes +=
          place.kind === 'HISTORY'
            ? await estimateScan(connection, [place.read.feature])
            : await estimateColumns(connection, place.relation, [place.column.sql]);
      }
      return bytes;
    });
  }
}

function valuesSql(place: ValuesOf, parameters: Parameters<DuckDBValue>): string {
  if (place.kind === 'HISTORY') return newestSql(place.read, parameters);
  return `SELECT NULL::TIMESTAMP AS event_timestamp, ${place.column.sql} AS value FROM ${place.relation}`;
}
