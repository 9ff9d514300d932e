import type { BlockContext } from './block-context.js';
import { carriedValue, NEWEST_ARRIVAL_FIRST, newestValue } from './version.js';
import type { PointInTimeOptions } from '../plan.js';
import { joinSql } from '../sql-text.js';
import { quoteIdentifier } from '../../../duckdb/sql-text.js';
import type { SourceBlock } from '../source-block.js';

/**
 * Joins each label with the history of its entity up to its time and selects the newest row.
 *
 * It takes two steps: first the newest event times (plain maxima), then the newest arrivals among the rows of those
 * times. Sorting all rows by all tie-breaks returns the same rows and is ten times slower.
 */
export function lookupBlock(context: BlockContext): SourceBlock {
  return context.source.newestRow ? wholeRows(context) : eachValue(context);
}

/** A name that never collides with a column of a history: no feature's name contains a $. */
const ROW = '"$row"';

function wholeRows(context: BlockContext): SourceBlock {
  const { name, table } = context;
  return {
    definitions: [
      newestTimes(context, []),
      `${name} AS (
  SELECT l.row_id AS ${ROW}, h.*
  FROM ${name}_time AS l JOIN ${table} AS h ON ${joinSql(['h.entity_id = l.entity_id', 'h.event_timestamp = l.newest', ...wasKnown(context)], ' AND ')}
  QUALIFY row_number() OVER (PARTITION BY l.row_id ORDER BY ${NEWEST_ARRIVAL_FIRST}) = 1)`,
    ],
    join: `LEFT JOIN ${name} ON ${name}.${ROW} = l.row_id`,
    found: `${name}.${ROW} IS NOT NULL`,
    value: ({ feature }) => `${name}.${quoteIdentifier(feature.name)}`,
    timestamp: () => `${name}.event_timestamp`,
    created: () => `${name}.created_timestamp`,
  };
}

/** Features may have their newest values in different rows, so the second step joins the rows of all those times. */
function eachValue(context: BlockContext): SourceBlock {
  const { source, name, table } = context;
  const times = source.features.map(({ valueColumn }) => `newest_${valueColumn}`);
  const values = source.features.map(
    (feature) =>
      `${newestValue(feature.feature, { timed: true, where: `h.event_timestamp = l.newest_${feature.valueColumn}` })} AS newest_${feature.valueColumn}`,
  );
  return {
    definitions: [
      newestTimes(
        context,
        source.features.map(
          ({ feature, valueColumn }) =>
            `max(h.event_timestamp) FILTER (WHERE h.${quoteIdentifier(feature.name)} IS NOT NULL) AS newest_${valueColumn}`,
        ),
      ),
      `${name} AS (
  SELECT ${joinSql(['l.row_id', 'any_value(l.newest) AS newest_timestamp', ...values], ',\n    ')}
  FROM (SELECT *, unnest(list_distinct([newest, ${times.join(', ')}])) AS moment FROM ${name}_time) AS l
  JOIN ${table} AS h ON ${joinSql(['h.entity_id = l.entity_id', 'h.event_timestamp = l.moment', ...wasKnown(context)], ' AND ')}
  GROUP BY l.row_id)`,
    ],
    join: `LEFT JOIN ${name} ON ${name}.row_id = l.row_id`,
    found: `${name}.row_id IS NOT NULL`,
    value: ({ feature, valueColumn }) => carriedValue(feature, `${name}.newest_${valueColumn}`),
    timestamp: ({ valueColumn }) => `coalesce(${name}.newest_${valueColumn}.t, ${name}.newest_timestamp)`,
    created: ({ valueColumn }) => `${name}.newest_${valueColumn}.c`,
  };
}

/** The newest event time of each label's rows, and other maxima. */
function newestTimes(context: BlockContext, others: readonly string[]): string {
  const { plan, source, name, table } = context;
  const entityId = `l.${quoteIdentifier(source.entityColumn)}`;
  const isBefore = `h.event_timestamp ${before(plan.options)} l.label_time`;
  const columns = [
    'l.row_id',
    `any_value(${entityId}) AS entity_id`,
    'any_value(l.label_time) AS label_time',
    'max(h.event_timestamp) AS newest',
    ...others,
  ];
  return `${name}_time AS MATERIALIZED (
  SELECT ${joinSql(columns, ',\n    ')}
  FROM labels AS l JOIN ${table} AS h ON ${joinSql([`h.entity_id = ${entityId}`, isBefore, ...wasKnown(context)], ' AND ')}
  GROUP BY l.row_id)`;
}

function before({ strictlyBefore }: PointInTimeOptions): string {
  return strictlyBefore ? '<' : '<=';
}

/** A row with an unknown creation time cannot be proven to have been known, so the cut-off omits it. */
function wasKnown({ plan, wasWritten }: BlockContext): (string | false)[] {
  return [plan.options.knownAtLabelTime && 'h.created_timestamp <= l.label_time', wasWritten()];
}
