import { joinSql } from '../datasources/offline/point-in-time/sql-text.js';
import { IS_KNOWN } from './join-remote.js';
import { allJoined, type historyAt, joinedTable } from './join-labels.js';
import { keys, labelName } from './load-labels.js';
import { checkedTime } from './verify-sample.js';
import type { PlannedColumn, TrainingSetPlan } from './training-set-plan.js';
import type { WorkDatabase } from './work-database.js';

/** The column of a checked row that says whether a label column differs in the output. */
export const IS_CHANGED = 'is_changed';

/**
 * The rows of the output with all columns that the checks need: label_time and entity ids, computed again from the
 * columns of the output; values; times (the output's own if it has them, else the stored ones); whether the label
 * columns equal the input; and whether a static source knows the entity.
 */
export function checkedRows(
  work: WorkDatabase,
  plan: TrainingSetPlan,
  output: string,
  tableOf: Awaited<ReturnType<typeof historyAt>>,
): string {
  const { request, labelColumns, features, pointInTime } = plan;
  const columnOf = (name: string): string => `o.${labelName(labelColumns.findIndex((column) => column.name === name))}`;
  const times = features.flatMap((column, index) => {
    const { feature, timeColumn, timestampName } = column;
    if (timeColumn === null) return [];
    return timestampName === null ? `t.${timeColumn}` : `o.${feature.timestampColumn} AS ${checkedTime(column, index)}`;
  });
  // A column whose type the output format lacks is read back with another type.
  const asLabels = labelColumns.map(({ type }, index) => `TRY_CAST(o.${labelName(index)} AS ${type})`);
  const writtenAfter = [...new Set(features.flatMap(({ writtenAfterColumn }) => writtenAfterColumn ?? []))];
  const keyed = [
    'o.row_id',
    `hash(${asLabels.join(', ')}) IS DISTINCT FROM t.label_hash AS ${IS_CHANGED}`,
    ...labelColumns.map((_, index) => `o.${labelName(index)}`),
    ...keys(request, labelColumns, columnOf),
    ...features.map(({ feature }) => `o.${feature.valueColumn}`),
    ...new Set(times),
    ...writtenAfter.map((column) => `t.${column}`),
  ];
  const knownTo = (source: PlannedColumn['source']): string =>
    plan.remoteStores.has(source) ? knownRemoteIdsSql(work, plan, source) : tableOf(source.source);
  const statics = [...new Set(pointInTime.sources)].filter(({ source }) => source.timestampColumn === null);
  const joins = statics.map(
    (source) => `LEFT JOIN (SELECT DISTINCT entity_id FROM ${knownTo(source)}) AS ${staticName(plan, source)}
  ON ${staticName(plan, source)}.entity_id = CASE WHEN k.label_time IS NOT NULL THEN k.${source.entityColumn} END`,
  );
  // Times are stored per row. The row number comes from the first table, which has all rows.
  const kept = [...new Set(features.flatMap(({ timeColumn }) => timeColumn ?? [])), ...writtenAfter];
  return `WITH output AS (${output}),
times AS (SELECT ${joinSql(['joined_0.row_id', ...kept, `hash(${labelColumns.map((_, index) => labelName(index)).join(', ')}) AS label_hash`], ', ')}
  FROM ${allJoined(work, plan)} POSITIONAL JOIN ${work.table('labels')} AS labels),
keyed AS (SELECT ${joinSql(keyed, ', ')} FROM output AS o LEFT JOIN times AS t ON t.row_id = o.row_id),
checked AS (SELECT ${joinSql(['k.*', ...statics.map((source) => `${staticName(plan, source)}.entity_id IS NOT NULL AS ${staticName(plan, source)}`)], ', ')}
  FROM keyed AS k ${joins.join('\n')})`;
}

/** The entities of the labels that a static remote source knows. */
function knownRemoteIdsSql(work: WorkDatabase, plan: TrainingSetPlan, source: PlannedColumn['source']): string {
  return `(SELECT l.${source.entityColumn} AS entity_id FROM ${work.table('labels')} AS l
    JOIN ${work.table(joinedTable(plan, source))} AS j ON l.rowid = j.row_id WHERE j.${IS_KNOWN})`;
}

export function staticName(plan: TrainingSetPlan, source: PlannedColumn['source']): string {
  return `static_${plan.pointInTime.sources.indexOf(source)}`;
}
