import type { DuckDBConnection } from '@duckdb/node-api';
import { badInput } from '../../errors/app-error.js';
import type { ValueType } from '../../values/value-type.js';
import { quoteIdentifier, quoteText } from '../../datasources/duckdb/sql-text.js';
import type { MetricKind, MetricRequest } from '../batch-predictions.js';
import type { TypedName } from './instance-columns.js';

import { readFilesSql, type WrittenOutput } from './read-results.js';

/** Variance and standard deviation are those of a sample; percentiles are interpolated. */
const AGGREGATES: Readonly<Record<MetricKind, (x: string) => string>> = {
  AVG: (x) => `avg(${x})`,
  MIN: (x) => `min(${x})`,
  MAX: (x) => `max(${x})`,
  SUM: (x) => `sum(${x})`,
  VARIANCE: (x) => `var_samp(${x})`,
  STDDEV: (x) => `stddev_samp(${x})`,
  COUNT: (x) => `count(${x})`,
  P50: (x) => `quantile_cont(${x}, 0.5)`,
  P90: (x) => `quantile_cont(${x}, 0.9)`,
  P99: (x) => `quantile_cont(${x}, 0.99)`,
};

/** Computes all metrics in one pass over the predictions. Non-finite values are omitted, also from COUNT. */
export async function computeMetrics(
  connection: DuckDBConnection,
  { folder, checkpoint }: WrittenOutput,
  asked: readonly MetricRequest[],
): Promise<(number | null)[]> {
  const files = await folder.files('predictions', checkpoint.parts);
  const none = asked.map(({ metric }) => (metric === 'COUNT' ? 0 : null));
  if (asked.length === 0 || files.length === 0) return none;
  const relation = readFilesSql(folder.format, 'predictions', files);
  const isTyped = folder.format === 'PARQUET' && checkpoint.outputs.length > 0;
  if (checkpoint.outputs.length === 0) await refuseUnseen(connection, relation, asked);
  const number = (field: string): string => {
    const value = `TRY_CAST(${isTyped ? typedField(field, checkpoint.outputs) : jsonField('prediction', field.split('.'))} AS DOUBLE)`;
    return `CASE WHEN isfinite(${value}) THEN ${value} END`;
  };
  const aggregates = asked.map(({ metric, field, over }) =>
    AGGREGATES[metric](over === null ? number(field) : `${number(field)} / nullif(${number(over)}, 0)`),
  );
  const result = await connection.runAndReadAll(`SELECT ${aggregates.join(', ')} FROM ${relation}`);
  return (result.getRows()[0] ?? []).map((value) => (value === null ? null : Number(value)));
}

/** Refuses fields that the model does not have, before it reads anything. */
export function checkMetrics(outputs: readonly TypedName[], asked: readonly MetricRequest[]): void {
  if (outputs.length === 0) return;
  for (const [index, { field, over }] of asked.entries()) {
    refuseUnknown(outputs, field, `of[${index}].field`);
    if (over !== null) refuseUnknown(outputs, over, `of[${index}].over`);
  }
}

/**
 * The path of the number in an output of each type: the value itself, or a field of it; null for a type without
 * numbers.
 */
const NUMBER_OF = {
  BOOL: null,
  BOOL_ARRAY: null,
  DOUBLE: 'value',
  DOUBLE_ARRAY: null,
  INT64: 'value',
  INT64_ARRAY: null,
  STRING: null,
  STRING_ARRAY: null,
  BYTES: null,
  STRUCT: 'field',
  TIMESTAMP: null,
} satisfies Record<ValueType, 'value' | 'field' | null>;

function refuseUnknown(outputs: readonly TypedName[], path: string, field: string): void {
  const [name, ...inside] = path.split('.');
  const output = outputs.find((candidate) => candidate.name === name);
  const place = output === undefined ? null : NUMBER_OF[output.valueType];
  if (place === null) {
    const numeric = outputs.filter(({ valueType }) => NUMBER_OF[valueType] !== null);
    const names = numeric.map((candidate) => candidate.name).join(', ');
    throw badInput(`The model has no numeric output "${name}". It has: ${names || 'none'}.`, field);
  }
  if (place === 'field' && inside.length === 0) {
    throw badInput(`"${name}" is a STRUCT: name a field of it, as in "${name}.field".`, field);
  }
  if (place === 'value' && inside.length > 0) {
    throw badInput(`"${name}" is a number: name it as "${name}".`, field);
  }
}

/** A model that declares no outputs has the outputs of its first predictions. */
async function refuseUnseen(
  connection: DuckDBConnection,
  relation: string,
  asked: readonly MetricRequest[],
): Promise<void> {
  const fields = asked.flatMap(({ field, over }, index) => [
    { path: field, argument: `of[${index}].field` },
    ...(over === null ? [] : [{ path: over, argument: `of[${index}].over` }]),
  ]);
  const seen = fields.map(({ path }) => `count(TRY_CAST(${jsonField('prediction', path.split('.'))} AS DOUBLE)) > 0`);
  const result = await connection.runAndReadAll(
    `SELECT ${seen.join(', ')} FROM (SELECT CAST(prediction AS JSON) AS prediction FROM ${relation} LIMIT 10000)`,
  );
  const [row = []] = result.getRows();
  const unseen = fields.find((_, index) => row[index] !== true);
  if (unseen) throw badInput(`No prediction has a number at "${unseen.path}".`, unseen.argument);
}

function typedField(path: string, outputs: readonly TypedName[]): string {
  const [name = '', ...inside] = path.split('.');
  const value = `prediction.${quoteIdentifier(name)}`;
  return outputs.some((output) => output.name === name && NUMBER_OF[output.valueType] === 'field')
    ? jsonField(value, inside)
    : value;
}

function jsonField(json: string, path: readonly string[]): string {
  const pointer = path.map((name) => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
  return `json_extract_string(${json}, ${quoteText(pointer)})`;
}
