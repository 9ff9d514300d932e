import type { BigQuery, Table } from '@google-cloud/bigquery';
import { hasStatus } from '../../datasources/google/bigquery/api-error.js';
import { formatInstant, parseInstant } from '../../values/instant.js';
import type { PredictionFailureRow, PredictionRow, ResultRange } from '../batch-predictions.js';
import { badInput } from '../../errors/app-error.js';
import { readExplanation, toFailure, predictionFields, type FailedInstances, type VertexResults } from './results.js';
import { errorsTableName, type TablesOutput } from './vertex-job.js';

type Row = Record<string, unknown>;

/** The maximum rows of one page when reading a whole table. */
const PAGE_ROWS = 10_000;

/** The column names of models that do not belong to the instance. */
const ANSWER_COLUMNS = new Set(['prediction', 'explanation', 'error', 'errors']);

/** The tables that a job wrote to. Reading a page of a table by its row numbers scans nothing and is not billed. */
export class BigQueryResults implements VertexResults {
  readonly #predictions: Table;
  readonly #errors: Table | undefined;

  constructor(
    bigquery: BigQuery,
    output: TablesOutput,
    /** The counts that the job itself reports. */
    private readonly failed: bigint,
  ) {
    const [project, name = ''] = output.dataset.replace(/^bq:\/\//, '').split('.');
    const tables = bigquery.dataset(name, project === undefined ? {} : { projectId: project });
    this.#predictions = tables.table(output.table);
    const errors = errorsTableName(output);
    this.#errors = errors === undefined ? undefined : tables.table(errors);
  }

  async predictions(range: ResultRange): Promise<PredictionRow[]> {
    const rows = await readNumberedRows(this.#predictions, range);
    return rows.map(({ row, instanceNumber }) => ({
      instanceNumber,
      instance: pickInstance(row),
      prediction: predictionFields(toJson(row.prediction)),
      ...readExplanation(toJson(row.explanation)),
    }));
  }

  async failures(range: ResultRange): Promise<PredictionFailureRow[]> {
    if (!this.#errors && this.failed === 0n) return [];
    const rows = await readNumberedRows(this.#errorsTable(), range).catch(noneIfMissing);
    return rows.map(({ row, instanceNumber }) => {
      const { code, message } = toFailure(toJson(row.errors ?? row.error));
      return { instanceNumber, instance: pickInstance(row), code, message };
    });
  }

  async *allPredictions(): AsyncGenerator<Row> {
    for (let after: bigint | null = null; ;) {
      const { rows, isLast }: Page = await nextPage(this.#predictions, { after, limit: PAGE_ROWS });
      for (const { row } of rows) yield predictionFields(toJson(row.prediction));
      const last = rows.at(-1);
      if (!last || isLast) return;
      after = last.instanceNumber;
    }
  }

  /** The table with the failed instances is a valid input, except for the columns that do not belong to them. */
  async failedInstances(): Promise<FailedInstances | undefined> {
    const metadata = await this.#errorsTable().getMetadata().catch(undefinedIfMissing);
    if (!metadata) return undefined;
    const [{ tableReference: at, schema }] = metadata as [TableMetadata, unknown];
    return {
      input: { kind: 'TABLE', table: `${at.projectId}.${at.datasetId}.${at.tableId}` },
      excludedFields: schema.fields.map(({ name }) => name).filter((name) => ANSWER_COLUMNS.has(name)),
    };
  }

  #errorsTable(): Table {
    if (this.#errors) return this.#errors;
    throw badInput(
      'The output of this job is one table, and Vertex AI does not say in which it put the failures. Name a dataset as ' +
        'the output: then both tables are known.',
      'output.location',
    );
  }
}

interface TableMetadata {
  readonly tableReference: { readonly projectId: string; readonly datasetId: string; readonly tableId: string };
  readonly schema: { readonly fields: readonly { readonly name: string }[] };
}

interface NumberedRow {
  readonly row: Row;
  readonly instanceNumber: bigint;
}

interface Page {
  readonly rows: readonly NumberedRow[];
  readonly isLast: boolean;
}

/** All existing rows of a range. */
async function readNumberedRows(table: Table, { after, limit }: ResultRange): Promise<NumberedRow[]> {
  const all: NumberedRow[] = [];
  while (all.length < limit) {
    const from = all.at(-1)?.instanceNumber ?? after;
    const { rows, isLast } = await nextPage(table, { after: from, limit: limit - all.length });
    all.push(...rows);
    if (isLast) break;
  }
  return all;
}

/** BigQuery ends a page at 10 MB, so it may have fewer rows than requested, and more may follow. */
async function nextPage(table: Table, { after, limit }: ResultRange): Promise<Page> {
  const first = after === null ? 0n : after + 1n;
  const [rows, next] = (await table.getRows({
    startIndex: first.toString(),
    maxResults: limit,
    autoPaginate: false,
    wrapIntegers: true,
  })) as [Row[], object | null, unknown];
  return {
    rows: rows.map((row, index) => ({ row, instanceNumber: first + BigInt(index) })),
    isLast: next === null || rows.length === 0,
  };
}

function pickInstance(row: Row): Row {
  return Object.fromEntries(
    Object.entries(row)
      .filter(([name]) => !ANSWER_COLUMNS.has(name))
      .map(([name, value]) => [name, toJson(value)]),
  );
}

/** The client wraps integers and times in objects; clients of the gateway get their text, which loses nothing. */
function toJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toJson);
  if (Buffer.isBuffer(value)) return value.toString('base64');
  if (typeof value !== 'object' || value === null) return value;
  if ('value' in value && value.constructor.name.startsWith('BigQuery')) {
    // The text has nanosecond digits, which are zero; the gateway writes only the known digits.
    const isTimestamp = value.constructor.name === 'BigQueryTimestamp';
    return isTimestamp ? formatInstant(parseInstant(String(value.value))) : value.value;
  }
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, toJson(inner)]));
}

/** A job without failures writes no table of errors. */
function noneIfMissing(error: unknown): NumberedRow[] {
  undefinedIfMissing(error);
  return [];
}

function undefinedIfMissing(error: unknown): undefined {
  if (!hasStatus(error, 404)) throw error;
  return undefined;
}
