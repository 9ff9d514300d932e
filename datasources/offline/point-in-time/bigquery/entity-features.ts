import { badInput } from '../../../../errors/app-error.js';
import { toElementType } from '../../../../values/value-type.js';
import type { BigQueryBlockContext } from './block-context.js';
import { historyColumn, quoteForBigQuery, valueIsKnownSql, type BigQueryTable } from './table.js';
import { valueSql } from './value-sql.js';
import type { SourceBlock } from '../source-block.js';
import { joinSql } from '../sql-text.js';

/**
 * Null at BigQuery's earliest timestamp: no row is before it, and to subtract from it fails the query for all labels.
 */
const MICROSECOND_BEFORE_LABEL =
  "TIMESTAMP_SUB(NULLIF(l.label_time, TIMESTAMP '0001-01-01 00:00:00+00'), INTERVAL 1 MICROSECOND)";

/**
 * Uses ML.ENTITY_FEATURES_AT_TIME in place of the join. The function differs from docs/point-in-time.md in ways that
 * give wrong results silently. So this form corrects each difference, or refuses the read:
 *
 *  1. Its output has the requested time in feature_timestamp. This form carries the time of the row in a column of its
 *     own. Where features are filled separately, each feature has its own time, which is null where the feature is.
 *  2. Its output omits an entity and time without a row. So this form joins the labels with the output, and not the
 *     reverse.
 *  3. It takes one STRING as the id. This form casts other types and joins several columns as values/entity-id.ts does.
 *  4. It skips nulls only with an option. This form sets the option in a sparse entity type and not in a dense one.
 *
 * This form refuses three kinds of reads: the known-at cut-off, for which the function has no argument; tables that
 * break ties by more than the time, because the function takes any row of a tie; and arrays, because the function
 * treats a null array as an empty one.
 */
export function entityFeaturesBlock(context: BigQueryBlockContext): SourceBlock {
  const { plan, source, name, table, keys, constants } = context;
  assertSupportedByEntityFeatures(context);
  const eventTime = historyColumn(table.eventTime!);
  const columns = source.features.flatMap(({ feature, valueColumn, timestampColumn }) => {
    const column = historyColumn(feature.column);
    const known = valueIsKnownSql(feature);
    const value = valueSql(feature).keepsNull ? known : `IF(${column} IS NULL, NULL, ${known})`;
    return [
      `${value} AS ${valueColumn}`,
      ...(source.newestRow ? [] : [`IF(${column} IS NULL, NULL, ${eventTime}) AS ${timestampColumn}`]),
    ];
  });
  const time = plan.options.strictlyBefore ? MICROSECOND_BEFORE_LABEL : 'l.label_time';
  const ofRow = encodedId(table.entityColumns.map((column) => castToText(historyColumn(column.name), column.type)));
  const ofLabel = encodedId(table.entityColumns.map((column, part) => castToText(`l.${keys[part]}`, column.type)));
  return {
    definitions: [
      `${name} AS (
  SELECT * FROM ML.ENTITY_FEATURES_AT_TIME(
    (SELECT ${joinSql([`${ofRow} AS entity_id`, `${eventTime} AS feature_timestamp`, `${eventTime} AS observed_at`, ...columns], ',\n      ')}
     FROM ${quoteForBigQuery(table.path)} AS h WHERE ${constants.join(' AND ')}),
    (SELECT DISTINCT ${ofLabel} AS entity_id, ${time} AS time
     FROM labels AS l WHERE ${ofLabel} IS NOT NULL AND ${time} IS NOT NULL),
    NUM_ROWS => 1, IGNORE_FEATURE_NULLS => ${source.newestRow ? 'FALSE' : 'TRUE'}))`,
    ],
    join: `LEFT JOIN ${name} ON ${name}.entity_id = ${ofLabel} AND ${name}.feature_timestamp = ${time}`,
    found: `${name}.entity_id IS NOT NULL`,
    value: ({ valueColumn }) => `${name}.${valueColumn}`,
    timestamp: ({ timestampColumn }) =>
      source.newestRow ? `${name}.observed_at` : `COALESCE(${name}.${timestampColumn}, ${name}.observed_at)`,
    // A table with creation times cannot use this form.
    created: undefined,
  };
}

/** Whether a table has columns that break ties. No read of such a table can use this form. */
export function hasTieOrder({ createdTime, sequence, arrival }: BigQueryTable): boolean {
  return createdTime !== null || sequence !== null || arrival !== null;
}

function assertSupportedByEntityFeatures({ plan, source, table }: BigQueryBlockContext): void {
  const instead = 'Set pointInTime of the offline store to AGGREGATE, which can.';
  if (plan.options.knownAtLabelTime || plan.options.knownAt !== null) {
    throw badInput(
      `ML.ENTITY_FEATURES_AT_TIME cannot leave out what was written later. ${instead}`,
      plan.options.knownAtLabelTime ? 'knownAtLabelTime' : 'knownAt',
    );
  }
  if (hasTieOrder(table)) {
    throw badInput(
      `ML.ENTITY_FEATURES_AT_TIME takes any of two rows of one time, but ${source.source.entityType.name} has columns that say which is newer. ${instead}`,
    );
  }
  const array = source.features.find(({ feature }) => toElementType(feature.valueType));
  if (array) {
    throw badInput(
      `ML.ENTITY_FEATURES_AT_TIME cannot tell a null array ${array.feature.name} from an empty one. ${instead}`,
    );
  }
}

function castToText(column: string, type: 'STRING' | 'INT64'): string {
  return type === 'STRING' ? column : `CAST(${column} AS STRING)`;
}

/** Joins the parts as values/entity-id.ts does: null when a part is null. */
function encodedId(parts: readonly string[]): string {
  if (parts.length === 1) return parts[0]!;
  return `CONCAT(${parts.map((part) => `REPLACE(REPLACE(${part}, '%', '%25'), ',', '%2C')`).join(", ',', ")})`;
}
