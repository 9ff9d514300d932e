import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api';
import { historyTable } from '../../../datasources/duckdb/history-table.js';
import { compileForDuckDb } from '../../../datasources/offline/point-in-time/duckdb/compile-for-duckdb.js';
import { planPointInTime } from '../../../datasources/offline/point-in-time/plan.js';
import { Parameters } from '../../../datasources/offline/point-in-time/sql-text.js';
import type { Registry } from '../../../datasources/registry/registry.js';
import { DELAY_INPUTS, delayEntities, LABEL_INPUTS } from './delay-inputs.js';

/** Rows by column. Values are 32-bit floats, as the graph takes them; NaN is a missing value. */
export interface Examples {
  readonly columns: readonly Float32Array[];
  /** The delay in minutes. */
  readonly targets: Float32Array;
}

/** Flights that were to leave from `from` (inclusive) to `until` (exclusive), dates in UTC. */
export interface Period {
  readonly from: string;
  readonly until: string;
  /** Only every so many-th flight of the file. */
  readonly every: number;
  /** How long before a flight was to leave its features are read. */
  readonly hoursBefore: number;
}

/** Reads flights of a period as labels, each with its features, in the order of the file. */
export async function readExamples(
  connection: DuckDBConnection,
  registry: Registry,
  period: Period,
  flights = registry.featurestore('flights').tables.get('flights')!.path,
): Promise<Examples> {
  const parameters = new Parameters<DuckDBValue>();
  const flight = `read_parquet(${parameters.add(flights)}, file_row_number = true)`;
  const chosen = `SELECT file_row_number AS row_id, date - to_hours(${parameters.add(period.hoursBefore)}::INTEGER) AS label_time,
      origin AS origin_id, destination AS destination_id, origin || ',' || destination AS route_id
    FROM ${flight}
    WHERE date >= ${parameters.add(period.from)}::TIMESTAMP AND date < ${parameters.add(period.until)}::TIMESTAMP
      AND file_row_number % ${parameters.add(BigInt(period.every))} = 0`;
  const { sql } = compileForDuckDb(
    planPointInTime(delayEntities(registry)),
    {
      form: 'timeline',
      labels: chosen,
      tableOf: historyTable,
      // Both SQL files give one row an entity and hour, and a static row an entity.
      mayHaveTies: () => false,
      outputs: { timestamps: 'NONE', statuses: false },
    },
    parameters,
  );
  const values = DELAY_INPUTS.slice(LABEL_INPUTS.length).map((_, index) => `value_${index}::FLOAT`);
  const joined = `SELECT hour(date)::FLOAT, isodow(date)::FLOAT, ${values.join(', ')}, delay::FLOAT
    FROM (${sql}) AS features JOIN ${flight} AS flight ON flight.file_row_number = row_id
    ORDER BY row_id`;
  const result = await connection.runAndReadAll(joined, parameters.values);
  const columns = result
    .getColumns()
    .map((column) => Float32Array.from(column as (number | null)[], (value) => value ?? NaN));
  return { columns: columns.slice(0, -1), targets: columns.at(-1)! };
}
