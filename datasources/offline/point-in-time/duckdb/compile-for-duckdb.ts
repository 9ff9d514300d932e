import type { Instant } from '../../../../values/instant.js';
import type { FeaturePlan, PointInTimeOptions, PointInTimePlan, SourcePlan } from '../plan.js';
import { lookupBlock } from './lookup.js';
import { staticBlock } from './static.js';
import { timelineBlock } from './timeline.js';
import {
  ALL_OUTPUTS,
  hasTimeColumn,
  hasWrittenAfterColumn,
  type FeatureOutputs,
  type SourceBlock,
} from '../source-block.js';
import { hasCreationTime } from '../no-creation-time.js';
import { joinSql, type CompiledSql, type Parameters } from '../sql-text.js';

/**
 * The DuckDB dialect of the point-in-time compiler.
 *
 * Two forms return the same rows. `lookup` joins each label with the history of its entity and selects the newest row.
 * It suits a few labels, as a client's asOf read has. `timeline` converts the history into the successive states of
 * each entity and finds each label's state by one ASOF join. It suits millions of labels. The timeline form resolves
 * ties before the ASOF join, because DuckDB does not document which of two equal rows the join picks.
 * test/unit/datasources/offline/point-in-time compares both forms with a naive oracle.
 */
export type PointInTimeForm = 'lookup' | 'timeline';

export interface DuckDbTarget {
  readonly form: PointInTimeForm;
  /**
   * A SELECT that returns row_id BIGINT, label_time TIMESTAMP and the entity columns of the plan as VARCHAR. All but
   * row_id may be null.
   */
  readonly labels: string;
  /** The quoted name of a source's table. */
  readonly tableOf: (source: SourcePlan['source']) => string;
  /** false only for a table that has at most one row per entity and time, so that no tie needs a decision. */
  readonly mayHaveTies: (source: SourcePlan['source']) => boolean;
  /**
   * No label is later than this, where the caller knows the bound. (A subquery in its place would turn the scan of the
   * history into a nested loop.)
   */
  readonly lastLabelTime?: Instant;
  /** The columns to return beside the value of each feature; absent: all. */
  readonly outputs?: FeatureOutputs;
}

/**
 * The result has row_id, then value, timestamp and status of each feature. It has one row per label, in order of
 * row_id.
 */
export function compileForDuckDb<Parameter>(
  plan: PointInTimePlan,
  target: DuckDbTarget,
  parameters: Parameters<Parameter | bigint>,
): CompiledSql<Parameter | bigint> {
  const blockOf = target.form === 'lookup' ? lookupBlock : timelineBlock;
  const { lastLabelTime } = target;
  const { knownAt, includeExpired } = plan.options;
  const outputs = { ...(target.outputs ?? ALL_OUTPUTS), includeExpired };
  const blocks = plan.sources.map((source, index) => {
    const context = {
      plan,
      source,
      name: `source_${index}`,
      table: target.tableOf(source.source),
      mayHaveTies: target.mayHaveTies(source.source),
      withCreated: outputs.writtenAfter === true && hasCreationTime(source.source),
      lastLabelTime: lastLabelTime === undefined ? undefined : () => parameters.add(lastLabelTime),
      wasWritten: () =>
        knownAt !== null && `h.created_timestamp <= make_timestamp(CAST(${parameters.add(knownAt)} AS BIGINT))`,
    };
    const block = source.source.timestampColumn === null ? staticBlock(context) : blockOf(context);
    return { source, block: context.withCreated ? block : { ...block, created: undefined } };
  });
  const columns = blocks.flatMap(({ source, block }) =>
    source.features.map((feature) => featureColumns(feature, source, block, outputs, parameters)),
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
  const created = block.created?.(feature);
  const isUsed = outputs.statuses || !outputs.includeExpired;
  // Ages are integers of microseconds, because an INTERVAL has months of varying length.
  const expired =
    // DuckDB cannot bind a parameter that the query does not use.
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
      created !== undefined &&
        hasWrittenAfterColumn(outputs, source, feature) &&
        `coalesce(${created} > l.label_time, false) AS ${feature.writtenAfterColumn}`,
    ],
    ', ',
  );
}
