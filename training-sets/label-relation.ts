import { BIGINT, BOOLEAN, DOUBLE, LIST, listValue, VARCHAR, type DuckDBType, type DuckDBValue } from '@duckdb/node-api';
import type { AppError } from '../errors/app-error.js';
import { badInput } from '../errors/app-error.js';
import { REQUEST_LIMITS } from '../limits/request-limits.js';
import { findTable } from '../datasources/duckdb/find-table.js';
import { quoteIdentifier } from '../datasources/duckdb/sql-text.js';
import type { LabelRelation } from './label-columns.js';
import type { LabelRow, TrainingSetRequest } from './training-sets.js';
import { generatedRelation, isGenerated } from './generated-relation.js';
import { fileRelation, type LabelFiles } from './label-file.js';
import { checkTimeColumn, isText } from './label-time.js';
import type { FindRemoteStore } from './remote-store.js';
import type { WorkDatabase } from './work-database.js';

/** Where labels come from that are not in the request. */
export interface LabelOrigins extends LabelFiles {
  readonly findRemoteStore: FindRemoteStore;
}

/** Finds the labels. Checks that the named columns exist and that their types fit their use. */
export async function labelRelation(
  work: WorkDatabase,
  request: TrainingSetRequest,
  from: LabelOrigins,
): Promise<LabelRelation> {
  const relation = await resolveLabelRelation(work, request, from);
  checkWidth(relation.columns.length, REQUEST_LIMITS.maxLabelFileColumns, 'labels');
  const types = new Map(relation.columns.map(({ name, type }) => [name, type]));
  const typeOf = (name: string, field: string): string => {
    const type = types.get(name);
    if (type !== undefined) return type;
    throw badInput(`The labels have no column "${name}". They have: ${[...types.keys()].join(', ')}.`, field);
  };
  if (types.has(ROW_NUMBER)) {
    throw badInput(`"${ROW_NUMBER}" is what DuckDB calls the rows of a Parquet file. Rename the column.`, 'labels');
  }
  const { timeColumn } = request.labels;
  checkTimeColumn(timeColumn, typeOf(timeColumn, 'labels.timeColumn'), relation.options);
  request.joins.forEach(({ entityIdColumns }, index) => {
    for (const name of entityIdColumns) {
      const field = `joins[${index}].entityIdColumns`;
      const type = typeOf(name, field);
      if (isText(type) || ID_TYPES.test(type)) continue;
      throw badInput(
        `Column "${name}" of the labels is ${type}, which cannot be an entity id. Cast it to text.`,
        field,
      );
    }
  });
  return relation;
}

function checkWidth(columns: number, most: number, field: string): void {
  if (columns <= most) return;
  throw badInput(
    `The labels have ${columns} columns, and at most ${most}. Leave out those that you do not need.`,
    field,
  );
}

/** A column of this name in the output would hide the row numbers that the validation uses. */
const ROW_NUMBER = 'file_row_number';

/** The types whose values each have exactly one text form. */
const ID_TYPES = /^(U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)|UUID|DATE|BOOLEAN)$/;

async function resolveLabelRelation(
  work: WorkDatabase,
  request: TrainingSetRequest,
  from: LabelOrigins,
): Promise<LabelRelation> {
  if (isGenerated(request)) return generatedRelation(work, request, from.findRemoteStore);
  const { labels } = request;
  switch (labels.kind) {
    case 'INLINE':
      return inlineRelation(labels.rows);
    case 'TABLE':
      if (from.shared) {
        throw badInput(
          'Several gateways share their jobs here, and a table of labels would be in the database of one of them. Give a file in the folder that they share.',
          'labels.table',
        );
      }
      return describeRelation(work, await findTable(work.connection, labels.table, 'labels.table'));
    case 'FILE':
      return fileRelation(work, labels, request, from);
    case 'GENERATED':
      throw new Error('generated labels have a relation of their own');
  }
}

async function describeRelation(work: WorkDatabase, sql: string): Promise<LabelRelation> {
  const rows = await work.rows(`DESCRIBE SELECT * FROM ${sql}`);
  const columns = rows.map((row) => ({ name: String(row.column_name), type: String(row.column_type) }));
  return { sql, parameters: [], parameterTypes: [], columns };
}

const INLINE_TYPES: Readonly<Record<string, DuckDBType>> = { VARCHAR, BIGINT, DOUBLE, BOOLEAN };

/** Passes each column as a list of its values, so that the text of the query does not depend on their number. */
function inlineRelation(rows: readonly LabelRow[]): LabelRelation {
  if (rows.length === 0) throw badInput('There are no labels.', 'labels.source.rows');
  const { maxLabelRows } = REQUEST_LIMITS;
  if (rows.length > maxLabelRows) {
    throw badInput(
      `At most ${maxLabelRows} labels can be sent with a request, not ${rows.length}. Put them into a file.`,
      'labels.source.rows',
    );
  }
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  // Before each of them is looked up in each row.
  checkWidth(names.length, REQUEST_LIMITS.maxLabelColumns, 'labels.source.rows');
  if (!names.every((name) => name.isWellFormed())) throw rejectText('The name of a column', 'labels.source.rows');
  const columns = names.map((name) => ({ name, type: inlineType(rows, name) }));
  return {
    sql: `(SELECT ${columns.map(({ name }, index) => `unnest($${index + 1}) AS ${quoteIdentifier(name)}`).join(', ')})`,
    parameters: columns.map(({ name, type }) => listValue(rows.map((row) => inlineValue(row[name], type)))),
    parameterTypes: columns.map(({ type }) => LIST(INLINE_TYPES[type]!)),
    columns,
  };
}

/** JSON has no column types, so a column has the narrowest type that fits all its values. */
function inlineType(rows: readonly LabelRow[], name: string): string {
  let type: string | undefined;
  rows.forEach((row, index) => {
    const value = row[name];
    const own = scalarType(value);
    if (own === null) return;
    if (typeof value === 'string' && !value.isWellFormed()) {
      throw rejectText(`Label ${index} has a value in "${name}" that`, `labels.source.rows[${index}].${name}`);
    }
    if (own !== undefined && (type === undefined || type === own)) type = own;
    else if (own !== undefined && isNumber(own) && isNumber(type)) type = 'DOUBLE';
    else {
      throw badInput(
        `Label ${index} has ${JSON.stringify(value)} in "${name}". A column holds strings, numbers or booleans, and ` +
          'all its values are of one of these.',
        `labels.source.rows[${index}].${name}`,
      );
    }
  });
  return type ?? 'VARCHAR';
}

/**
 * UTF-8 cannot encode half of a surrogate pair: DuckDB would write U+FFFD instead, and join the values of the entity
 * with that id.
 */
function rejectText(what: string, field: string): AppError {
  return badInput(`${what} is no Unicode text: it has half of a surrogate pair.`, field);
}

/** null for a null; undefined for a value that no column can hold. */
function scalarType(value: unknown): string | null | undefined {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string') return 'VARCHAR';
  if (typeof value === 'boolean') return 'BOOLEAN';
  if (typeof value === 'number') return Number.isSafeInteger(value) ? 'BIGINT' : 'DOUBLE';
  return undefined;
}

function isNumber(type: string | undefined): boolean {
  return type === 'BIGINT' || type === 'DOUBLE';
}

function inlineValue(value: unknown, type: string): DuckDBValue {
  if (value === null || value === undefined) return null;
  return type === 'BIGINT' ? BigInt(value as number) : (value as DuckDBValue);
}
