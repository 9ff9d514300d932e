import type { Instant } from '../../../../values/instant.js';
import { aggregateBlock } from './aggregate.js';
import type { BigQueryBlockContext } from './block-context.js';
import { entityFeaturesBlock } from './entity-features.js';
import { BigQueryParameters, type BigQuerySql } from './parameters.js';
import { decodePossibleIds, entityConditions, partitionConditions } from './row-filters.js';
import { historyColumn, quoteForBigQuery, selected, type BigQueryTable } from './table.js';
import type { FeaturePlan, PointInTimeOptions, PointInTimePlan, SourcePlan } from '../plan.js';
import {
  ALL_OUTPUTS,
  hasTimeColumn,
  hasWrittenAfterColumn,
  type FeatureOutputs,
  type SourceBlock,
} from '../source-block.js';
import { joinSql } from '../sql-text.js';
import { noCreationTime } from '../no-creation-time.js';

/**
 * The BigQuery dialect of the point-in-time compiler.
 *
 * `aggregate` joins each label with the history of its entity up to its time and selects the newest by one ARRAY_AGG
 * ... LIMIT 1 per group. It implements all of docs/point-in-time.md. `entityFeaturesAtTime` uses BigQuery's own
 * function for the join, where its semantics can be adapted to ours (entity-features.ts).
 *
 * No analytic function runs over the history: on billions of rows it would fail with "Resources exceeded".
 */
export type BigQueryForm = 'aggregate' | 'entityFeaturesAtTime';

export interface BigQueryTarget {
  readonly form: BigQueryForm;
  /** The source of the labels: `UNNEST(@labels)` or a table, with row_id INT64, label_time and the entity columns. */
  readonly labels: string;
  /** The earliest and the latest label time. They are constants, so that BigQuery skips partitions outside them. */
  readonly bounds: { readonly earliest: Instant; readonly latest: Instant };
  /**
   * The distinct ids in a column of the labels. They are constants too, so that BigQuery skips the blocks of clustered
   * tables without them. null: there are too many for a filter (FilteredIds).
   */
  readonly entityIdsOf: (entityColumn: string) => ReadonlySet<string> | null;
  readonly tableOf: (source: SourcePlan['source']) => BigQueryTable;
  /** Do not sort the result: to sort millions of rows, one worker would have to hold them all. */
  readonly isUnordered?: boolean;
  /** The columns to return beside the value of each feature; absent: all. */
  readonly outputs?: FeatureOutputs;
}

/**
 * The result has row_id, then value, timestamp and status of each feature. It has one row per label, in order of row_id
 * unless the target differs.
 */
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
      created:
        outputs.writtenAfter && table.eventTime !== null && table.createdTime !== null
          ? historyColumn(table.createdTime)
          : null,
      keys: table.entityColumns.map((_, part) => `key_${index}_${part}`),
      wasWritten: writtenBy(plan, source, table, parameters),
      constants: [
        ...partitionConditions(table, { hasTime: true }),
        ...partitionBounds(table, source, target, index, parameters),
        ...constantIds(table, source, plan, target, parameters),
      ],
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
  // A static source has no time, which the function needs.
  const isStatic = context.table.eventTime === null;
  return form === 'entityFeaturesAtTime' && !isStatic ? entityFeaturesBlock(context) : aggregateBlock(context);
}

/** The status of an expired null, in a result that includes expired values. */
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
 * Rows after the last label never count. Rows before the first label minus the ttl are never a value, but they
 * distinguish EXPIRED from NOT_FOUND. So that bound applies only where neither status nor time is requested.
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

function constantIds(
  table: BigQueryTable,
  { source, entityColumn }: SourcePlan,
  { sources }: PointInTimePlan,
  { entityIdsOf }: BigQueryTarget,
  parameters: BigQueryParameters,
): string[] {
  const entityIds = entityIdsOf(entityColumn);
  if (entityIds === null) return [];
  const ids = decodePossibleIds(entityIds, source.entityType.entityIdColumns);
  const first = sources.findIndex((other) => other.entityColumn === entityColumn);
  return entityConditions(table, ids, parameters, `ids_${first}`) ?? ['FALSE'];
}

/** The first instant of BigQuery's TIMESTAMP: the year 1. */
const EARLIEST: Instant = -62_135_596_800_000_000n;

/**
 * Splits the id of a label, which is text (values/entity-id.ts), and converts the parts to the types of the table's
 * columns, so that the join compares columns and not expressions over the history. An id of the wrong form becomes
 * null. %2C must be replaced before %25: otherwise `%252C` would become a comma.
 */
function labelKeys({ source, table, keys }: BigQueryBlockContext): string[] {
  const id = `l.${quoteForBigQuery(source.entityColumn)}`;
  const count = table.entityColumns.length;
  return table.entityColumns.map(({ type }, part) => {
    const piece = `REPLACE(REPLACE(SPLIT(${id}, ',')[SAFE_OFFSET(${part})], '%2C', ','), '%25', '%')`;
    const text = count === 1 ? id : `IF(ARRAY_LENGTH(SPLIT(${id}, ',')) = ${count}, ${piece}, NULL)`;
    // 05 is not 5: only a number in its canonical form can identify a row.
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
  const created = block.created?.(plan);
  const expired =
    timestamp !== undefined && plan.ttl !== null
      ? `UNIX_MICROS(l.label_time) - UNIX_MICROS(${timestamp}) > ${parameters.add(`ttl_${plan.ttl}`, 'INT64', String(plan.ttl))}`
      : undefined;
  const status = joinSql(
    [
      `CASE WHEN NOT (${block.found}) THEN 'NOT_FOUND'`,
      // BigQuery returns a null array as an empty one, so the status tells that there is no value.
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
      created !== undefined &&
        hasWrittenAfterColumn(outputs, source, plan) &&
        `IFNULL(${created} > l.label_time, FALSE) AS ${plan.writtenAfterColumn}`,
    ],
    ', ',
  );
}
