import type { Instant } from '../../../../values/instant.js';
import { aggregateBlock } from './aggregate.js';
import type { BigQueryBlockContext } from './block-context.js';
import { entityFeaturesBlock } from './entity-features.js';
import { BigQueryParameters, type BigQuerySql } from './parameters.js';
import { historyColumn, quoteForBigQuery, selected, type BigQueryTable } from './table.js';
import type { FeaturePlan, PointInTimeOptions, PointInTimePlan, SourcePlan } from '../plan.js';
import { ALL_OUTPUTS, hasTimeColumn, type FeatureOutputs, type SourceBlock } from '../source-block.js';
import { joinSql } from '../sql-text.js';
import { noCreationTime } from '../no-creation-time.js';

/**
 * The BigQuery dialect of the point-in-time compiler.
 *
 * `aggregate`: each label joined with the history of its entity up to its time, and one ARRAY_AGG ... LIMIT 1 a group that
 * keeps the newest. It says all of docs/point-in-time.md. `entityFeaturesAtTime`: BigQuery's own function does the join,
 * where its meaning can be made ours (entity-features.ts).
 *
 * There is no analytic function over the history: on billions of rows those end in "Resources exceeded".
 */
export type BigQueryForm = 'aggregate' | 'entityFeaturesAtTime';

export interface BigQueryTarget {
  readonly form: BigQueryForm;
  /** What to select labels from: `UNNEST(@labels)` or a table, with row_id INT64, label_time and the entity columns. */
  readonly labels: string;
  /** The earliest and the latest time among the labels: constants, so that partitions outside of them are not read. */
  readonly bounds: { readonly earliest: Instant; readonly latest: Instant };
  readonly tableOf: (source: SourcePlan['source']) => BigQueryTable;
  /** Rows by the million are not sorted: one worker would have to hold them all. */
  readonly isUnordered?: boolean;
  /** What is given beside the value of each feature; all of it when nothing is said. */
  readonly outputs?: FeatureOutputs;
}

/** Columns of the result: row_id, then value, timestamp and status of each feature; one row a label, in order of row_id unless the target says otherwise. */
export function compileForBigQuery(
  plan: PointInTimePlan,
  target: BigQueryTarget,
  parameters = new BigQueryParameters(),
): BigQuerySql {
  const outputs = { ...(target.outputs ?? ALL_OUTPUTS), includeExpired: plan.options.includeExpired };
  const blocks = plan.sources.map((source, index) => {
    const table = target.tableOf(source.source);
    const context: BigQueryBlockContext = {
      plan,
      source,
      name: `source_${index}`,
      table,
      keys: table.entityColumns.map((_, part) => `key_${index}_${part}`),
      wasWritten: writtenBy(plan, source, table, parameters),
      partitions: partitionBounds(table, source, target, index, parameters),
    };
    return { source, context, block: compileBlock(target.form, context) };
  });
  const columns = blocks.flatMap(({ source, block }) =>
    source.features.map((feature) => featureColumns(feature, source, block, outputs, parameters)),
  );
  const sql = [
    `WITH labels AS (\n  SELECT ${joinSql(['l.row_id', 'l.label_time', ...blocks.flatMap(({ context }) => labelKeys(context))], ',\n    ')}\n  FROM ${target.labels} AS l)`,
    ...blocks.flatMap(({ block }) => block.definitions).map((definition) => `, ${definition}`),
    `SELECT ${joinSql(['l.row_id', ...columns], ',\n  ')}`,
    'FROM labels AS l',
    ...blocks.map(({ block }) => block.join),
    ...(target.isUnordered ? [] : ['ORDER BY l.row_id']),
  ].join('\n');
  return { sql, params: parameters.params, types: parameters.types };
}

function compileBlock(form: BigQueryForm, context: BigQueryBlockContext): SourceBlock {
  // A static source has no time for the function to go by.
  const isStatic = context.table.eventTime === null;
  return form === 'entityFeaturesAtTime' && !isStatic ? entityFeaturesBlock(context) : aggregateBlock(context);
}

/** The status of an expired null, in a result that gives expired values. */
export const EXPIRED_NULL = 'EXPIRED_NULL';

function writtenBy(
  { options: { knownAt } }: PointInTimePlan,
  { source }: SourcePlan,
  { createdTime }: BigQueryTable,
  parameters: BigQueryParameters,
): string | null {
  if (knownAt === null) return null;
  if (createdTime === null) throw noCreationTime(source);
  return `${historyColumn(createdTime)} <= ${parameters.addInstant('known_at', knownAt)}`;
}

/**
 * Nothing after the last label can count. Before the first label less its ttl nothing can be a value either; but such a
 * row is what tells EXPIRED from NOT_FOUND, so that bound is only put where neither status nor time is asked for.
 */
function partitionBounds(
  { eventTime }: BigQueryTable,
  { features }: SourcePlan,
  { bounds, outputs }: BigQueryTarget,
  index: number,
  parameters: BigQueryParameters,
): string[] {
  if (eventTime === null) return [];
  const column = historyColumn(eventTime);
  const until = `${column} <= ${parameters.addInstant('latest', bounds.latest)}`;
  const ttls = features.map(({ ttl }) => ttl);
  const longest = ttls.reduce((a, b) => (a === null || b === null ? null : a > b ? a : b), 0n);
  const isSound = outputs?.timestamps === 'NONE' && !outputs.statuses && longest !== null;
  if (!isSound) return [until];
  const from = bounds.earliest - longest;
  return [until, `${column} >= ${parameters.addInstant(`since_${index}`, from < EARLIEST ? EARLIEST : from)}`];
}

/** The first instant of BigQuery's TIMESTAMP: the year 1. */
const EARLIEST: Instant = -62_135_596_800_000_000n;

/**
 * The id of a label, which is text, taken apart (values/entity-id.ts) and typed like the table's columns, so that a join
 * compares columns and not expressions over the history. An id of the wrong form becomes null. %2C goes before %25:
 * the other way round `%252C` would end as a comma.
 */
function labelKeys({ source, table, keys }: BigQueryBlockContext): string[] {
  const id = `l.${quoteForBigQuery(source.entityColumn)}`;
  const count = table.entityColumns.length;
  return table.entityColumns.map(({ type }, part) => {
    const piece = `REPLACE(REPLACE(SPLIT(${id}, ',')[SAFE_OFFSET(${part})], '%2C', ','), '%25', '%')`;
    const text = count === 1 ? id : `IF(ARRAY_LENGTH(SPLIT(${id}, ',')) = ${count}, ${piece}, NULL)`;
    // 05 is not 5: only a number written the one way there is can name a row.
    const number = `SAFE_CAST(${text} AS INT64)`;
    const key = type === 'STRING' ? text : `IF(CAST(${number} AS STRING) = ${text}, ${number}, NULL)`;
    return `${key} AS ${keys[part]}`;
  });
}

function featureColumns(
  plan: FeaturePlan,
  source: SourcePlan,
  block: SourceBlock,
  outputs: FeatureOutputs & Pick<PointInTimeOptions, 'includeExpired'>,
  parameters: BigQueryParameters,
): string {
  const value = block.value(plan);
  const timestamp = block.timestamp?.(plan);
  const expired =
    timestamp !== undefined && plan.ttl !== null
      ? `UNIX_MICROS(l.label_time) - UNIX_MICROS(${timestamp}) > ${parameters.add(`ttl_${plan.ttl}`, 'INT64', String(plan.ttl))}`
      : undefined;
  const status = joinSql(
    [
      `CASE WHEN NOT (${block.found}) THEN 'NOT_FOUND'`,
      // A null array leaves BigQuery as an empty one, so where the value is given the status says that there is none.
      expired && outputs.includeExpired && `WHEN ${expired} AND ${value} IS NULL THEN '${EXPIRED_NULL}'`,
      expired && `WHEN ${expired} THEN 'EXPIRED'`,
      `WHEN ${value} IS NULL THEN 'NULL' ELSE 'PRESENT' END`,
    ],
    ' ',
  );
  const valid = selected(plan.feature, expired && !outputs.includeExpired ? `IF(${expired}, NULL, ${value})` : value);
  return joinSql(
    [
      `${valid} AS ${plan.valueColumn}`,
      hasTimeColumn(outputs, source, plan) &&
        `${timestamp ? `UNIX_MICROS(${timestamp})` : 'CAST(NULL AS INT64)'} AS ${plan.timestampColumn}`,
      outputs.statuses && `${status} AS ${plan.statusColumn}`,
    ],
    ', ',
  );
}
