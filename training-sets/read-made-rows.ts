import { timestampValue, type DuckDBValue } from '@duckdb/node-api';
import { entityIdSql } from '../datasources/duckdb/entity-id-sql.js';
import { fromDuckDb, instantFromDuckDb, toDuckDbType } from '../datasources/duckdb/value-mapping.js';
import type { Feature } from '../datasources/registry/model.js';
import { AppError, badInput } from '../errors/app-error.js';
import { labelTimeSql } from './label-time.js';
import type { MadeRow, MadeRowsRead, MadeValue } from './made-rows.js';
import { outputAsWritten } from './output-format.js';
import type { Output } from './output.js';
import type { OutputColumn } from './training-set-plan.js';
import type { JoinSpec, TrainingSetSpec } from './training-sets.js';
import type { WorkDatabase } from './work-database.js';

/** The argument that names the training set, in errors. */
const FIELD = 'trainingSet';

/**
 * Reads the rows of a training set that a job made and wrote to `output`: one for each label and join of the entity type, the
 * earliest labels first.
 */
export async function readMadeRows(
  work: WorkDatabase,
  spec: TrainingSetSpec,
  output: Output,
  read: MadeRowsRead,
): Promise<MadeRow[]> {
  const { name, featurestore } = read.entityType;
  const joins = spec.joins.filter((join) => join.featurestore === featurestore.name && join.entityType === name);
  if (joins.length === 0) {
    throw badInput(`The training set has no features of "${featurestore.name}.${name}".`, FIELD);
  }
  await work.run(`CREATE TABLE ${work.table('wanted')} (entity_id VARCHAR, earliest TIMESTAMP, latest TIMESTAMP)`);
  await work.append('wanted', (appender) => {
    for (const [entityId, [earliest, latest]] of read.entities) {
      appender.appendVarchar(entityId);
      appender.appendTimestamp(timestampValue(earliest));
      appender.appendTimestamp(timestampValue(latest));
      appender.endRow();
    }
  });
  const rows: MadeRow[] = [];
  for (const join of joins) {
    try {
      rows.push(...(await readJoin(work, spec, output, { ...read, limit: read.limit - rows.length }, join)));
    } catch (cause) {
      if (cause instanceof AppError || read.signal?.aborted) throw cause;
      throw new AppError(
        'BAD_USER_INPUT',
        'The rows of the training set cannot be read: its output is gone, or it was changed. Make it again.',
        { field: FIELD, cause },
      );
    }
  }
  return rows;
}

interface MadeColumn {
  readonly feature: Feature;
  readonly value: OutputColumn;
  /** null: the training set has no times. */
  readonly time: OutputColumn | null;
}

async function readJoin(
  work: WorkDatabase,
  { labels, withTimestamps }: TrainingSetSpec,
  { format, target: at, location }: Output,
  { features, limit }: MadeRowsRead,
  { entityIdColumns, features: joined, prefix }: JoinSpec,
): Promise<MadeRow[]> {
  const columns = features
    .filter(({ name, renamedFrom }) => joined.includes(name) || (renamedFrom !== null && joined.includes(renamedFrom)))
    .map((feature, index): MadeColumn => {
      const { name, renamedFrom, valueType } = feature;
      const column = `${prefix}${joined.includes(name) ? name : renamedFrom!}`;
      const type = toDuckDbType(valueType).toString();
      return {
        feature,
        value: outputColumn(column, type, `value_${index}`),
        time: withTimestamps ? outputColumn(`${column}__timestamp`, 'TIMESTAMP', `time_${index}`) : null,
      };
    });
  if (columns.length === 0 || limit <= 0) return [];
  const ids = entityIdColumns.map((column, index) => outputColumn(column, 'VARCHAR', `id_${index}`));
  // A time that the client sent as text is text in the output too.
  const labelTime = { ...outputColumn(labels.timeColumn, 'VARCHAR', 'time_of_label'), isMoment: false };
  const written = [
    ...ids,
    labelTime,
    ...columns.flatMap(({ value, time }) => (time === null ? [value] : [value, time])),
  ];
  const sql = outputAsWritten({ format, at: format === 'TABLE' ? location : at }, written);
  const types = new Map(
    (await work.rows(`DESCRIBE ${sql}`)).map((row) => [String(row.column_name), String(row.column_type)]),
  );
  for (const { feature, value } of columns) {
    if (types.get(value.checkedAs) === value.type) continue;
    throw badInput(
      `The training set has the feature "${feature.name}" with another type than the registry has now. Make it again.`,
      FIELD,
    );
  }
  const options = labels.kind === 'FILE' ? labels.options : undefined;
  const time = labelTimeSql('time_of_label', types.get('time_of_label')!, options);
  const selected = columns.flatMap(({ value, time: of }) => [value.checkedAs, of === null ? 'NULL' : of.checkedAs]);
  const result = await work.run(
    `SELECT entity_id, label_time, ${selected.join(', ')}
     FROM (SELECT *, nullif(${entityIdSql(ids.map(({ checkedAs }) => checkedAs))}, '') AS entity_id, ${time} AS label_time FROM (${sql}))
     JOIN ${work.table('wanted')} USING (entity_id)
     WHERE label_time BETWEEN earliest AND latest
     ORDER BY label_time, entity_id, row_id LIMIT ${limit}`,
  );
  return (await result.getRows()).map(([entityId, labelTimeValue, ...cells]) => ({
    entityId: entityId as string,
    labelTime: instantFromDuckDb(labelTimeValue)!,
    values: new Map(columns.map((column, index) => [column.feature, madeValue(column, cells, index)])),
  }));
}

function outputColumn(name: string, type: string, checkedAs: string): OutputColumn {
  return { name, type, from: null, isMoment: type === 'TIMESTAMP', checkedAs };
}

function madeValue({ feature, time }: MadeColumn, cells: readonly DuckDBValue[], index: number): MadeValue {
  return {
    value: fromDuckDb(feature.valueType, cells[2 * index] ?? null),
    timestamp: time === null ? undefined : instantFromDuckDb(cells[2 * index + 1]),
  };
}
