import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api';
import { quoteText } from '../../datasources/duckdb/sql-text.js';
import { fromDuckDb } from '../../datasources/duckdb/value-mapping.js';
import { joinSql } from '../../datasources/offline/point-in-time/sql-text.js';
import { JobFailure } from '../../jobs/job-failure.js';
import type { RawValue } from '../../values/value-type.js';
import type { InputInstance, InstanceFault, ReadOptions } from './batch-source.js';
import { textsSql } from './exact-texts-sql.js';
import { textOf, type ExactTexts } from './instance-columns.js';
import { passedValueReader } from './passed-values.js';
import type { SourceColumn } from './source-columns.js';

/** An input in a relation of DuckDB. */
export interface SqlSource {
  readonly relation: string;
  readonly columns: readonly SourceColumn[];
  readonly rows: number;
  /** SQL of a JSON object with the original texts of a row with a value that does not fit. null: the columns tell it. */
  readonly originals: string | null;
  /** SQL of a sentence about a row that is no instance, and of its place; null where every row is one. */
  readonly lineFault: { readonly sentence: string; readonly file: string; readonly line: string } | null;
  /** The place of a row, for messages: its file, and its line or its row. */
  readonly describePlace: (row: RowPlace) => string;
}

export interface RowPlace {
  readonly number: number;
  /** The index of its file, and its line there; undefined where the source has no lines. */
  readonly file: number | undefined;
  readonly line: bigint | undefined;
}

/**
 * The instances from a row on, in batches, in the order of the input. DuckDB streams rows on request, so memory does
 * not grow with the input. Earlier rows are read again and discarded, which takes a few seconds for ten million rows.
 */
export async function* readInstances(
  connection: DuckDBConnection,
  source: SqlSource,
  { fromRow, batchSize, withOthers }: ReadOptions,
): AsyncGenerator<InputInstance[]> {
  const readRow = rowReader(source, withOthers);
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

/** Rows of a relation as instances, with the numbers that they have in the whole input. */
export async function readNumbered(
  connection: DuckDBConnection,
  source: SqlSource,
  numbers: readonly number[],
): Promise<InputInstance[]> {
  const readRow = rowReader(source, false);
  const result = await connection.runAndReadAll(selectFrom(source, 0));
  return result.getRows().map((row, index) => readRow(row, numbers[index]!));
}

/** The file process read every value before. DuckDB's errors contain the path of a file. */
export function refuseUnreadable(cause: unknown): never {
  throw new JobFailure('INPUT_UNREADABLE', 'The input cannot be read any more. Did its files change?', { cause });
}

/** The values of the model's inputs, then the texts of all values, then the facts about the row. */
function selectFrom({ relation, columns, originals, lineFault }: SqlSource, fromRow: number): string {
  const values = columns.map(({ value }, index) => `${value} AS v${index}`);
  const inputs = columns.flatMap(({ column }, index) => ('valueType' in column ? [`v${index}`] : []));
  const texts = columns.map(({ column }, index) => ({ column, value: `v${index}` }));
  const { sentence, file, line } = lineFault ?? { sentence: 'NULL', file: 'NULL', line: 'NULL' };
  const checked = originals === null ? columns.map(({ original }, index) => ({ original, index })) : [];
  const misfits = checked.flatMap(({ original, index }) =>
    original === null ? [] : [{ original: `o${index}`, value: `v${index}`, sql: original, of: columns[index]! }],
  );
  const inner = [
    ...values,
    ...misfits.map(({ original, sql }) => `${sql} AS ${original}`),
    `${originals ?? 'NULL'} AS originals`,
    `${sentence} AS fault, ${file} AS file, ${line} AS line`,
  ];
  const outer = [
    ...inputs,
    textsSql(texts),
    originals === null ? misfitsSql(misfits) : 'originals',
    'fault',
    'file',
    'line',
  ];
  return `SELECT ${outer.join(', ')} FROM (SELECT ${inner.join(', ')} FROM ${relation} OFFSET ${fromRow})`;
}

interface Misfit {
  readonly original: string;
  readonly value: string;
  readonly of: SourceColumn;
}

function misfitsSql(misfits: readonly Misfit[]): string {
  if (misfits.length === 0) return 'NULL';
  const isMisfit = ({ original, value }: Misfit): string => `${original} IS NOT NULL AND ${value} IS NULL`;
  const entries = misfits.map(
    (misfit) =>
      `${quoteText(misfit.of.column.name)}, CASE WHEN ${isMisfit(misfit)} THEN CAST(${misfit.original} AS VARCHAR) END`,
  );
  const isAny = joinSql(
    misfits.map((misfit) => `(${isMisfit(misfit)})`),
    ' OR ',
  );
  return `CASE WHEN ${isAny} THEN CAST(json_object(${entries.join(', ')}) AS VARCHAR) END`;
}

function rowReader(
  source: SqlSource,
  withOthers: boolean,
): (row: readonly DuckDBValue[], number: number) => InputInstance {
  const inputs = source.columns.flatMap(({ column }) => ('valueType' in column ? [column] : []));
  const readOthers = withOthers
    ? passedValueReader(source.columns.map(({ column }) => column))
    : (): Record<string, RawValue | null> => ({});
  return (row, number) => {
    const [texts, originals, sentence, file, line] = row.slice(inputs.length) as [
      string,
      string | null,
      string | null,
      number | null,
      bigint | null,
    ];
    const describePlace = (): string =>
      source.describePlace({ number, file: file ?? undefined, line: line ?? undefined });
    if (sentence !== null) return { number, instance: {}, texts: '{}', fault: malformed(describePlace(), sentence) };
    if (originals !== null) {
      const fault = findMisfits(source, JSON.parse(texts) as ExactTexts, JSON.parse(originals) as ExactTexts);
      return { number, instance: {}, texts, fault: { ...fault, message: `${describePlace()}${fault.message}.` } };
    }
    const instance: Record<string, RawValue | null> = withOthers ? readOthers(JSON.parse(texts) as ExactTexts) : {};
    inputs.forEach(({ name, valueType }, index) => (instance[name] = fromDuckDb(valueType, row[index] ?? null)));
    return { number, instance, texts, fault: null };
  };
}

function malformed(place: string, sentence: string): InstanceFault {
  return {
    code: 'MALFORMED_INSTANCE',
    message: `${place}${sentence.charAt(0).toLowerCase()}${sentence.slice(1)}`,
    originals: null,
  };
}

function findMisfits({ columns }: SqlSource, texts: ExactTexts, originals: ExactTexts): InstanceFault {
  const misfits = columns.flatMap(({ column: { name }, describeMisfit }) => {
    const original = textOf(originals, name);
    return original === null || textOf(texts, name) !== null ? [] : [{ name, original, describeMisfit }];
  });
  return {
    code: 'INVALID_INSTANCE',
    message: misfits
      .map(({ name, original, describeMisfit }) => `column "${name}": ${describeMisfit(original)}`)
      .join('; '),
    originals: Object.fromEntries(misfits.map(({ name, original }) => [name, original])),
  };
}
