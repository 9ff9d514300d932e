import type { InstanceErrorCode } from '../../errors/instance-error-codes.js';
import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api';
import type { Instance } from '../models/model-serving.js';
import { parseLosslessJson } from '../../values/lossless-json.js';
import { fromDuckDb } from '../../datasources/duckdb/value-mapping.js';
import { joinSql } from '../../datasources/offline/point-in-time/sql-text.js';
import { quoteText } from '../../datasources/duckdb/sql-text.js';
import { JobFailure } from '../../jobs/job-failure.js';
import type { BatchSource } from './batch-source.js';

import { instanceToJson } from './row-json.js';

/** A row of the input. */
export interface InputInstance {
  readonly number: number;
  readonly instance: Instance;
  /** Why the model cannot get it; null when it can. */
  readonly fault: InstanceFault | null;
}

export interface InstanceFault {
  readonly code: InstanceErrorCode;
  readonly message: string;
  /** The original value in the input, as JSON; null when even that is unknown. */
  readonly raw: Readonly<Record<string, unknown>> | null;
}

export async function countInstances(connection: DuckDBConnection, source: BatchSource): Promise<number> {
  const counted = connection.runAndReadAll(`SELECT count(*) FROM ${source.relation}`).catch(refuseUnreadable);
  return Number((await counted).getRows()[0]?.[0] ?? 0);
}

/**
 * The instances from a row on, in batches, in the order of the input. DuckDB streams rows on request, so memory does
 * not grow with the input. Earlier rows are read again and discarded, which takes a few seconds for ten million rows.
 */
export async function* readInstances(
  connection: DuckDBConnection,
  source: BatchSource,
  fromRow: number,
  batchSize: number,
): AsyncGenerator<InputInstance[]> {
  const readRow = rowReader(source);
  const result = await connection.stream(selectFrom(source, fromRow)).catch(refuseUnreadable);
  const chunks = result.yieldRows();
  let number = fromRow;
  let batch: InputInstance[] = [];
  for (;;) {
    const next: IteratorResult<DuckDBValue[][], void> = await chunks.next().catch(refuseUnreadable);
    if (next.done) break;
    for (const row of next.value) {
      batch.push(readRow(row, number));
      number += 1;
      if (batch.length === batchSize) {
        yield batch;
        batch = [];
      }
    }
  }
  if (batch.length > 0) yield batch;
}

/** DuckDB's errors contain the path of a file; only the line number is reported. */
function refuseUnreadable(cause: unknown): never {
  const line = cause instanceof Error ? /\bline:? (\d+)/i.exec(cause.message)?.[1] : undefined;
  const where = line === undefined ? '' : ` at line ${line}`;
  throw new JobFailure(
    'INPUT_UNREADABLE',
    `The input cannot be read${where}. See that its files are whole and well-formed.`,
    {
      cause,
    },
  );
}

/** The values, then the original values where one does not have its type, then the facts about the row. */
function selectFrom({ relation, columns, numberColumn, isMalformed }: BatchSource, fromRow: number): string {
  const checked = columns.filter(({ raw }) => raw !== null);
  const values = columns.map(({ value }, index) => `${value} AS v${index}`);
  const faults = columns.flatMap(({ raw }, index) =>
    raw === null ? [] : [`(r${index} IS NOT NULL AND v${index} IS NULL)`],
  );
  const raws = columns.flatMap(({ raw }, index) => (raw === null ? [] : [`${raw} AS r${index}`]));
  const entries = columns.flatMap(({ raw, name }, index) => (raw === null ? [] : [`${quoteText(name)}, r${index}`]));
  const raw =
    checked.length === 0
      ? 'NULL'
      : `CASE WHEN ${joinSql(faults, ' OR ')} THEN CAST(json_object(${entries.join(', ')}) AS VARCHAR) END`;
  const inner = [...values, ...raws, `${isMalformed ?? 'false'} AS malformed`, `${numberColumn ?? 'NULL'} AS number`];
  const outer = [...columns.map((_, index) => `v${index}`), raw, 'malformed', 'number'];
  return `SELECT ${outer.join(', ')} FROM (SELECT ${inner.join(', ')} FROM ${relation} OFFSET ${fromRow})`;
}

function rowReader({ columns }: BatchSource): (row: readonly DuckDBValue[], rowNumber: number) => InputInstance {
  return (row, rowNumber) => {
    const [raw, isMalformed, ownNumber] = row.slice(columns.length);
    const number = typeof ownNumber === 'bigint' ? Number(ownNumber) : rowNumber;
    if (isMalformed === true) return { number, instance: {}, fault: MALFORMED };
    const instance = Object.fromEntries(
      columns.map(({ name, valueType }, index) => [name, fromDuckDb(valueType, row[index] ?? null)]),
    );
    const fault = typeof raw === 'string' ? findInstanceFault(instance, columns, raw) : null;
    return { number, instance, fault };
  };
}

const MALFORMED: InstanceFault = {
  code: 'MALFORMED_INSTANCE',
  message: 'The line is not a JSON object.',
  raw: null,
};

function findInstanceFault(instance: Instance, columns: BatchSource['columns'], rawText: string): InstanceFault {
  const raw = parseLosslessJson(rawText) as Record<string, unknown>;
  const faults = columns
    .filter(({ name }) => instance[name] === null && (raw[name] ?? null) !== null)
    .map(({ name, valueType }) => `${name} is no ${valueType}: ${clip(JSON.stringify(raw[name]))}`);
  return {
    code: 'INVALID_INSTANCE',
    message: `${faults.join('; ')}.`,
    raw: { ...instanceToJson(columns, instance), ...raw },
  };
}

function clip(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
