import type { Instant } from '../../../../values/instant.js';
import type { FeaturePlan, PointInTimeOptions, PointInTimePlan, SourcePlan } from '../plan.js';
import { lookupBlock } from './lookup.js';
import { staticBlock } from './static.js';
import { timelineBlock } from './timeline.js';
import { ALL_OUTPUTS, hasTimeColumn, type FeatureOutputs, type SourceBlock } from '../source-block.js';
import { joinSql, type CompiledSql, type Parameters } from '../sql-text.js';

/**
 * The DuckDB dialect of the point-in-time compiler.
 *
 * Two forms give the same rows. `lookup` joins each label with the history of its entity and keeps the newest: right for
 * a few labels, as a client's asOf read has. `timeline` turns the history into the states each entity went through and
 * finds each label's state by one ASOF join: right for labels by the million. Ties are reduced before the ASOF join,
 * because which of two equal rows it picks is documented nowhere. test/unit/datasources/offline/point-in-time compares both with a naive
 * oracle.
 */
export type PointInTimeForm = 'lookup' | 'timeline';

export interface DuckDbTarget {
  readonly form: PointInTimeForm;
  /**
   * A SELECT that gives row_id BIGINT, label_time TIMESTAMP and the entity columns of the plan as VARCHAR. All but row_id
   * may be null.
   */
  readonly labels: string;
  /** The quoted name of a source's table. */
  readonly tableOf: (source: SourcePlan['source']) => string;
  /** false only for a table known to have one row an entity and time: then nothing need be done about ties. */
  readonly mayHaveTies: (source: SourcePlan['source']) => boolean;
  /**
   * No label is later than this, where the caller knows. (A subquery in its place would make a nested loop of the scan of
   * the history.)
   */
  readonly lastLabelTime?: Instant;
  /** What is given beside the value of each feature; all of it when nothing is said. */
  readonly outputs?: FeatureOutputs;
}

/** Columns of the result: row_id, then value, timestamp and status of each feature; one row a label, in order of row_id. */
export function compileForDuckDb<Parameter>(
  plan: PointInTimePlan,
  target: DuckDbTarget,
  parameters: Parameters<Parameter | bigint>,
): CompiledSql<Parameter | bigint> {
  const blockOf = target.form === 'lookup' ? lookupBlock : timelineBlock;
  const { lastLabelTime } = target;
  const { knownAt, includeExpired } = plan.options;
  const blocks = plan.sources.map((source, index) => {
    const context = {
      plan,
      source,
      name: `source_${index}`,
      table: target.tableOf(source.source),
      mayHaveTies: target.mayHaveTies(source.source),
      lastLabelTime: lastLabelTime === undefined ? undefined : () => parameters.add(lastLabelTime),
      wasWritten: () =>
        knownAt !== null && `h.created_timestamp <= make_timestamp(CAST(${parameters.add(knownAt)} AS BIGINT))`,
    };
    return { source, block: source.source.timestampColumn === null ? staticBlock(context) : blockOf(context) };
  });
  const columns = blocks.flatMap(({ source, block }) =>
    source.features.map((feature) =>
      featureColumns(feature, source, block, { ...(target.outputs ?? ALL_OUTPUTS), includeExpired }, parameters),
    ),
  );
  const sql = [
    `WITH labels AS MATERIALIZED (${target.labels})`,
    ...blocks.flatMap(({ block }) => block.definitions).map((definition) => `, ${definition}`),
    `SELECT ${joinSql(['l.row_id', ...columns], ',\n  ')}`,
    'FROM labels AS l',
    ...blocks.map(({ block }) => block.join),
    'ORDER BY l.row_id',
  ].join('\n');
  return { sql, parameters: parameters.values };
}

function featureColumns<Parameter>(
  feature: FeaturePlan,
  source: SourcePlan,
  block: SourceBlock,
  outputs: FeatureOutputs & Pick<PointInTimeOptions, 'includeExpired'>,
  parameters: Parameters<Parameter | bigint>,
): string {
  const value = block.value(feature);
  const timestamp = block.timestamp?.(feature);
  const isUsed = outputs.statuses || !outputs.includeExpired;
  // Ages are compared as integers of microseconds: an INTERVAL would bring months and their lengths into it.
  const expired =
    // A parameter that no part of the query uses cannot be bound.
    isUsed && timestamp !== undefined && feature.ttl !== null
      ? `epoch_us(l.label_time) - epoch_us(${timestamp}) > ${parameters.add(feature.ttl)}`
      : undefined;
  const status = joinSql(
    [
      `CASE WHEN NOT (${block.found}) THEN 'NOT_FOUND'`,
      expired && `WHEN ${expired} THEN 'EXPIRED'`,
      `WHEN ${value} IS NULL THEN 'NULL' ELSE 'PRESENT' END`,
    ],
    ' ',
  );
  const valid = expired && !outputs.includeExpired ? `CASE WHEN ${expired} THEN NULL ELSE ${value} END` : value;
  return joinSql(
    [
      `${valid} AS ${feature.valueColumn}`,
      hasTimeColumn(outputs, source, feature) && `${timestamp ?? 'NULL::TIMESTAMP'} AS ${feature.timestampColumn}`,
      outputs.statuses && `${status} AS ${feature.statusColumn}`,
    ],
    ', ',
  );
}
