import { DuckDBTimestampTZValue, JsonDuckDBValueConverter, type DuckDBType, type DuckDBValue } from '@duckdb/node-api';
import { toClientValue } from '../values/client-value.js';
import { formatInstant } from '../values/instant.js';
import type { ValueType } from '../values/value-type.js';
import { fromDuckDb, instantFromDuckDb } from '../datasources/duckdb/value-mapping.js';
import { outputAsJoined } from './output-format.js';
import type { TrainingSetPlan } from './training-set-plan.js';
import type { WorkDatabase } from './work-database.js';

/** The first joined rows, as JSON values. */
export async function previewRows(
  work: WorkDatabase,
  plan: TrainingSetPlan,
  limit: number,
): Promise<Record<string, unknown>[]> {
  const valueTypes = new Map<string, ValueType>(
    plan.features.map(({ feature }) => [feature.valueColumn, feature.feature.valueType]),
  );
  const result = await work.run(`${outputAsJoined(work, plan)} ORDER BY row_id LIMIT ${limit}`);
  // The first column is the row number; the others are the columns of the output.
  const types = result.columnTypes().slice(1);
  return (await result.getRows()).map(([, ...values]) =>
    Object.fromEntries(
      plan.outputColumns.map(({ name, checkedAs }, index) => [
        name,
        asJson(values[index] ?? null, types[index]!, valueTypes.get(checkedAs)),
      ]),
    ),
  );
}

function asJson(value: DuckDBValue, type: DuckDBType, valueType: ValueType | undefined): unknown {
  if (value === null) return null;
  if (valueType !== undefined) return toClientValue(valueType, fromDuckDb(valueType, value)!);
  const instant = value instanceof DuckDBTimestampTZValue ? value.micros : instantFromDuckDb(value);
  if (instant !== null) return formatInstant(instant);
  return JsonDuckDBValueConverter(value, type, JsonDuckDBValueConverter);
}
