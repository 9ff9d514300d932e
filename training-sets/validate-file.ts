import { badInput } from '../errors/app-error.js';
import { quoteIdentifier } from '../datasources/duckdb/sql-text.js';
import { formatLimit, REQUEST_LIMITS } from '../limits/request-limits.js';
import { createSnapshot, joinLabels } from './join-labels.js';
import { checkTimeColumn, labelTimeSql } from './label-time.js';
import type { LabelColumn } from './label-columns.js';
import { labelRelation } from './label-relation.js';
import { labelName, loadLabels } from './load-labels.js';
import { isGenerated } from './generated-relation.js';
import type { LabelPreparation } from './make-training-set.js';
import { planTrainingSet, type OutputColumn, type TrainingSetPlan } from './training-set-plan.js';
import { featureColumns } from './training-set-spec.js';
import type { TrainingSetRequest, TrainingSetValidationResult } from './training-sets.js';
import { validate } from './validate.js';
import { countRows, type WorkDatabase } from './work-database.js';

/** Maps a column of the output that a training set of this request would have to a column of the file. */
export type ColumnMapping = ReadonlyMap<string, string>;

/**
 * Validates a training set that any tool made: `request` describes its intended content, and the file itself contains
 * its labels. If the file has no times of values, the times of a join made here replace them.
 */
export async function validateFile(
  work: WorkDatabase,
  request: TrainingSetRequest,
  mapping: ColumnMapping,
  { findRemoteStore, ...files }: Pick<LabelPreparation, 'files' | 'shared' | 'findRemoteStore'>,
): Promise<TrainingSetValidationResult> {
  if (isGenerated(request)) {
    throw badInput(
      'The labels of a validation are the training set itself: a file or a table. Generated labels have no values to check.',
      'labels.source.generated',
    );
  }
  const relation = await labelRelation(work, request, { ...files, findRemoteStore });
  const fileColumns = findFileColumns(request, mapping, relation.columns);
  const own = new Set(fileColumns.values());
  const labelColumns = relation.columns.filter(({ name }) => !own.has(name));
  const plan = planTrainingSet(request, labelColumns, findRemoteStore);
  await loadLabels(work, request, relation, REQUEST_LIMITS.maxValidatedRows + 1);
  const rows = await countRows(work, 'labels');
  if (rows > REQUEST_LIMITS.maxValidatedRows) {
    throw badInput(
      `A validation takes at most ${formatLimit(REQUEST_LIMITS.maxValidatedRows)} rows. Split the file.`,
      'labels',
    );
  }
  // One query reads all columns: if the file changed between two reads, the columns would not belong to one training
  // set.
  await work.run(`ALTER TABLE ${work.table('labels')} RENAME TO file`);
  const types = new Map(relation.columns.map(({ name, type }) => [name, type]));
  const read = new Map(relation.columns.map(({ name }, index) => [name, labelName(index)]));
  const asLabels = labelColumns.map(({ name }, index) => `${read.get(name)!} AS ${labelName(index)}`);
  const keys = ['label_time', ...request.joins.map((_, index) => `entity_${index}`)];
  await work.run(
    `CREATE TABLE ${work.table('labels')} AS SELECT ${[...asLabels, ...keys].join(', ')} FROM ${work.table('file')} ORDER BY rowid`,
  );
  await createSnapshot(work, plan);
  await joinLabels(work, plan, rows + 1, { onStep: async () => undefined, onEstimate: () => undefined });
  const given = await readGiven(work, plan, (name) => {
    const column = fileColumns.get(name) ?? name;
    return { column, sql: read.get(column)!, type: types.get(column)! };
  });
  const output = `SELECT ${['rowid AS row_id', ...given].join(', ')} FROM ${work.table('file')}`;
  return validate(work, plan, output);
}

/** Maps the name of each feature column, and of each time column that the file must have, to its column in the file. */
function findFileColumns(
  request: TrainingSetRequest,
  mapping: ColumnMapping,
  columns: readonly LabelColumn[],
): Map<string, string> {
  const wanted = featureColumns(request, []).flatMap(({ name, timestampName }) =>
    timestampName === null ? [name] : [name, timestampName],
  );
  const there = new Set(columns.map(({ name }) => name));
  const keys = new Set([request.labels.timeColumn, ...request.joins.flatMap((join) => join.entityIdColumns)]);
  for (const name of mapping.keys()) {
    if (!wanted.includes(name)) throw badInput(`No feature has the column "${name}".`, 'columns');
  }
  const found = new Map(wanted.map((name) => [name, mapping.get(name) ?? name]));
  for (const [name, column] of found) {
    if (!there.has(column)) {
      throw badInput(`The file has no column "${column}" for "${name}". It has: ${[...there].join(', ')}.`, 'columns');
    }
    if (keys.has(column)) throw badInput(`Column "${column}" has the time or the id of the labels.`, 'columns');
  }
  return found;
}

interface GivenColumn {
  readonly column: string;
  readonly sql: string;
  readonly type: string;
}

/**
 * The columns of the output under the names that the validation uses. Each has the type of the registry; no value
 * changes.
 */
async function readGiven(
  work: WorkDatabase,
  { labelColumns, features, outputColumns }: TrainingSetPlan,
  givenFor: (name: string) => GivenColumn,
): Promise<string[]> {
  const times = new Set(features.map(({ timestampName }) => timestampName));
  const given: string[] = [];
  for (const [index, output] of outputColumns.entries()) {
    const { column, sql, type } = givenFor(output.name);
    if (index < labelColumns.length) given.push(`${sql} AS ${output.checkedAs}`);
    else if (times.has(output.name)) {
      checkTimeColumn(column, type);
      given.push(`${labelTimeSql(sql, type)} AS ${output.checkedAs}`);
    } else given.push(`${await asFeature(work, output, { column, sql, type })} AS ${output.checkedAs}`);
  }
  return given;
}

async function asFeature(
  work: WorkDatabase,
  output: OutputColumn,
  { column, sql, type }: GivenColumn,
): Promise<string> {
  if (type === output.type) return sql;
  const cast = `TRY_CAST(${sql} AS ${output.type})`;
  const [misfit] = await work.rows(
    `SELECT rowid AS row, CAST(${sql} AS VARCHAR) AS text FROM ${work.table('file')}
     WHERE ${sql} IS NOT NULL AND TRY_CAST(${cast} AS ${type}) IS DISTINCT FROM ${sql} ORDER BY rowid LIMIT 1`,
  );
  if (!misfit) return cast;
  throw badInput(
    `Column ${quoteIdentifier(column)} is ${type}, and its value ${String(misfit.text)} in row ${String(misfit.row)} ` +
      `(counted from 0) is no ${output.type}, the type of the feature. Cast it, and decide how it is rounded.`,
    'columns',
  );
}
