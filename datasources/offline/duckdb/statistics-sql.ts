import { listValue, timestampValue, type DuckDBValue } from '@duckdb/node-api';
import { historyTable } from '../../duckdb/history-table.js';
import { newestValue, version } from '../point-in-time/duckdb/version.js';
import { joinSql, type Parameters } from '../point-in-time/sql-text.js';
import {
  eachRange,
  innerEdges,
  measuredAs,
  QUANTILE_PERCENTS,
  type MeasuredValues,
  type StatisticsRead,
  type TypedValues,
} from '../statistics-read.js';

/**
 * SQL of the columns that statistics-row.ts names, in one row; all numbers are exact.
 *
 * - `newest`, which the caller selects: a row for each value that counts, with event_timestamp, value, and for each range
 *   whether it is in that range. Of a history: one for each entity and event time.
 * - `valued`: its value in a form whose equals are equal in JavaScript.
 * - `measured`: the finite numbers and the times.
 * - `extent`, `edges`: one row with the ends of the ranges and of the bins.
 * - `counted`: the different values.
 */
export function distributionsSql(read: MeasuredValues, newest: string): string {
  const { isNumber, isOrdered, isCompared } = measuredAs(read.feature);
  const definitions = [
    `newest AS (${newest})`,
    `valued AS MATERIALIZED (SELECT * REPLACE (${comparable(read.feature)} AS value) FROM newest)`,
    isOrdered && measuredSql(read),
    isNumber && edgesSql(read),
    isCompared &&
      `counted AS MATERIALIZED (
  SELECT value, ${eachRange(read, (range) => `count(*) FILTER (WHERE in_${range}) AS n_${range}`)}
  FROM valued WHERE value IS NOT NULL GROUP BY value)`,
  ];
  const tables = [
    `(SELECT ${eachRange(
      read,
      (range) => `count(value) FILTER (WHERE in_${range}) AS count_${range},
  count(*) FILTER (WHERE in_${range} AND value IS NULL) AS missing_${range},
  min(event_timestamp) FILTER (WHERE in_${range}) AS oldest_${range},
  max(event_timestamp) FILTER (WHERE in_${range}) AS newest_${range}`,
    )} FROM valued)`,
    isOrdered && 'extent',
    isOrdered &&
      `(SELECT ${eachRange(read, (range) => numbersSql(read.feature, range))} FROM measured CROSS JOIN extent)`,
    isNumber && binsSql(read),
    isCompared &&
      `(SELECT ${eachRange(read, (range) => `count(*) FILTER (WHERE n_${range} > 0) AS distinct_${range}`)} FROM counted)`,
    isCompared && `(SELECT ${eachRange(read, (range) => topSql(read, range))})`,
  ];
  return `WITH ${joinSql(definitions, ',\n')}\nSELECT * FROM ${joinSql(tables, '\nCROSS JOIN ')}`;
}

/** The rows of a history that count. */
export function newestSql(read: StatisticsRead, parameters: Parameters<DuckDBValue>): string {
  const { feature, entityIds, ranges } = read;
  const isTimed = feature.source.timestampColumn !== null;
  const inRange = ranges.map(({ from, before }) => {
    if (!isTimed) return 'true';
    const [first, end] = [from, before].map((time) => parameters.add(timestampValue(time)));
    return `h.event_timestamp >= ${first} AND h.event_timestamp < ${end}`;
  });
  const ids = entityIds && parameters.add(listValue([...entityIds]));
  const newest = feature.entityType.dense
    ? `max(${version({ timed: false, withValue: feature })})`
    : newestValue(feature, { timed: false });
  // The rows of a group have one event time, so the version is without it.
  return `
  SELECT ${isTimed ? 'h.event_timestamp' : 'NULL::TIMESTAMP'} AS event_timestamp, ${newest}.v AS value,
    ${eachRange(read, (range) => `bool_or(${inRange[range]}) AS in_${range}`)}
  FROM ${historyTable(feature.source)} AS h
  WHERE (${inRange.join(' OR ')})${ids === null ? '' : ` AND h.entity_id IN (SELECT unnest(${ids}))`}
  GROUP BY h.entity_id${isTimed ? ', h.event_timestamp' : ''}`;
}

/** One zero, times as microseconds, and of arrays and the like only whether there is one. */
function comparable(feature: TypedValues): string {
  if (!measuredAs(feature).isCompared) return 'CASE WHEN value IS NOT NULL THEN true END';
  if (feature.valueType === 'DOUBLE') return 'CASE WHEN value = 0 THEN 0::DOUBLE ELSE value END';
  return feature.valueType === 'TIMESTAMP' ? 'epoch_us(value)' : 'value';
}

function measuredSql(read: MeasuredValues): string {
  const isMeasured = read.feature.valueType === 'DOUBLE' ? 'isfinite(value)' : 'value IS NOT NULL';
  return `measured AS MATERIALIZED (
  SELECT value AS number, ${eachRange(read, (range) => `in_${range}`)} FROM valued WHERE ${isMeasured}),
extent AS MATERIALIZED (
  SELECT min(number) AS low, max(number) AS high, ${eachRange(
    read,
    (range) => `min(number) FILTER (WHERE in_${range}) AS min_${range},
    max(number) FILTER (WHERE in_${range}) AS max_${range}`,
  )}
  FROM measured)`;
}

/**
 * The quantiles and moments of a range. DOUBLE: the moments of the values divided by the greatest magnitude, because their
 * sum or squares can be beyond a double. INT64: the exact sum, and the deviation of the exact distances from the minimum.
 */
function numbersSql({ valueType }: TypedValues, range: number): string {
  const isIn = `FILTER (WHERE in_${range})`;
  const shares = QUANTILE_PERCENTS.map((percent) => (percent / 100).toFixed(2)).join(', ');
  const quantiles = `quantile_disc(number, [${shares}]) ${isIn} AS quantiles_${range}`;
  if (valueType === 'TIMESTAMP') return quantiles;
  if (valueType === 'INT64') {
    return `${quantiles}, CAST(sum(number) ${isIn} AS VARCHAR) AS sum_${range},
  stddev_pop(CAST(number::HUGEINT - min_${range}::HUGEINT AS DOUBLE)) ${isIn} AS deviation_${range}`;
  }
  const scaled = `number / nullif(greatest(abs(min_${range}), abs(max_${range})), 0)`;
  return `${quantiles}, avg(${scaled}) ${isIn} AS scaled_mean_${range},
  stddev_pop(${scaled}) ${isIn} AS scaled_deviation_${range}`;
}

function edgesSql({ bins }: MeasuredValues): string {
  const edges = innerEdges(bins).map(
    ({ ofLow, ofHigh }) => `low::DOUBLE * ${ofLow}::DOUBLE + high::DOUBLE * ${ofHigh}::DOUBLE`,
  );
  const columns = edges.map((edge, index) => `${edge} AS edge_${index}`);
  return `edges AS MATERIALIZED (SELECT ${['low', ...columns].join(', ')} FROM extent)`;
}

/** A number is in the bin after the inner edges that are not above it. */
function binsSql(read: MeasuredValues): string {
  const edges = innerEdges(read.bins).map((_, index) => `edge_${index}`);
  const bin = edges.map((edge) => `(number::DOUBLE >= ${edge})::INTEGER`).join(' + ') || '0';
  const counts = eachRange(read, (range) => `n_${range}: n_${range}`);
  return `(SELECT (SELECT [${edges.join(', ')}]::DOUBLE[] FROM edges) AS edges, list({bin: bin, ${counts}}) AS bins
  FROM (SELECT ${bin} AS bin, ${eachRange(read, (range) => `count(*) FILTER (WHERE in_${range}) AS n_${range}`)}
    FROM measured CROSS JOIN edges GROUP BY bin))`;
}

function topSql(read: MeasuredValues, range: number): string {
  // The order of equally frequent values is that of BigQuery: NaN is the last.
  const order = `n_${range} DESC, ${read.feature.valueType === 'DOUBLE' ? 'isnan(value), ' : ''}value`;
  return `(SELECT list({value: value, ${eachRange(read, (other) => `n_${other}: n_${other}`)}})
  FROM (FROM counted WHERE n_${range} > 0 ORDER BY ${order} LIMIT ${read.maxTopValues})) AS top_${range}`;
}
