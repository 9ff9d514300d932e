import type { Feature } from '../../registry/model.js';
import { BigQueryParameters, type BigQuerySql } from '../point-in-time/bigquery/parameters.js';
import { partitionConditions, wholeEntityConditions } from '../point-in-time/bigquery/row-filters.js';
import {
  historyColumn,
  isKnownSql,
  newestRowSql,
  quoteForBigQuery,
  selected,
  valueOrNull,
  type BigQueryTable,
} from '../point-in-time/bigquery/table.js';
import { joinSql } from '../point-in-time/sql-text.js';
import { eachRange, innerEdges, measuredAs, type StatisticsRead } from '../statistics-read.js';

/**
 * SQL of the columns that statistics-row.ts names, in one row. Quantiles are those of APPROX_QUANTILES, because exact ones
 * would sort all values on one machine; all other numbers are exact. Undefined when no row can have one of the ids.
 *
 * - `newest`: one row for each entity and event time, as in a history.
 * - `valued`: its value in a form whose equals are equal in JavaScript, and the ranges that it is in.
 * - `extent`, `edges`: one row with the ends of the ranges and of the bins.
 */
export function statisticsQuery(read: StatisticsRead, table: BigQueryTable): BigQuerySql | undefined {
  const parameters = new BigQueryParameters();
  const { isNumber, isOrdered, isCompared } = measuredAs(read.feature);
  const newest = newestSql(read, table, parameters);
  if (newest === undefined) return undefined;
  const definitions = [newest, valuedSql(read, table), isOrdered && extentSql(read), isNumber && edgesSql(read)];
  const tables = [
    `(SELECT ${eachRange(
      read,
      (range) => `COUNTIF(in_${range} AND value IS NOT NULL) AS count_${range},
  COUNTIF(in_${range} AND value IS NULL) AS missing_${range},
  MIN(IF(in_${range}, event_time, NULL)) AS oldest_${range}, MAX(IF(in_${range}, event_time, NULL)) AS newest_${range}`,
    )} FROM valued)`,
    isOrdered && 'extent',
    isOrdered &&
      `(SELECT ${eachRange(read, (range) => numbersSql(read.feature, range))} FROM valued CROSS JOIN extent)`,
    isNumber && binsSql(read),
    isCompared && valuesSql(read),
  ];
  const sql = `WITH ${joinSql(definitions, ',\n')}\nSELECT * FROM ${joinSql(tables, '\nCROSS JOIN ')}`;
  return { sql, params: parameters.params, types: parameters.types };
}

function newestSql(read: StatisticsRead, table: BigQueryTable, parameters: BigQueryParameters): string | undefined {
  const { feature, entityIds, ranges } = read;
  const { dense, entityIdColumns } = feature.entityType;
  const time = table.eventTime === null ? null : historyColumn(table.eventTime);
  const ids = table.entityColumns.map(({ name }) => historyColumn(name));
  const ofEntities =
    entityIds === null
      ? // Rows of tables that others write may lack an id.
        ids.map((column) => `${column} IS NOT NULL`)
      : wholeEntityConditions(table, entityIds, entityIdColumns, parameters);
  if (ofEntities === undefined) return undefined;
  const inRanges = ranges.map(({ from, before }, range) => {
    const first = parameters.addInstant(`from_${range}`, from);
    return `(${time} >= ${first} AND ${time} < ${parameters.addInstant(`before_${range}`, before)})`;
  });
  const conditions = [
    ...partitionConditions(table, { hasTime: time !== null }),
    ...ofEntities,
    ...(time === null ? [] : [`(${inRanges.join(' OR ')})`]),
  ];
  const isKnown = isKnownSql(table, feature);
  const value = measuredAs(feature).isCompared ? valueOrNull(table, feature) : `IF(${isKnown}, TRUE, NULL)`;
  const row = newestRowSql(table, [`${value} AS v`], dense ? undefined : isKnown);
  return `newest AS (
  SELECT ${time ?? 'CAST(NULL AS TIMESTAMP)'} AS event_time, ${row} AS newest
  FROM ${quoteForBigQuery(table.path)} AS h
  WHERE ${conditions.join(' AND ')}
  GROUP BY ${[...ids, ...(time === null ? [] : [time])].join(', ')})`;
}

/** One zero, without a sign, and times as microseconds. `number` is the value if it is finite. */
function valuedSql(read: StatisticsRead, table: BigQueryTable): string {
  const { feature } = read;
  const { isCompared, isOrdered } = measuredAs(feature);
  const isDouble = feature.valueType === 'DOUBLE';
  const value = isCompared ? selected(feature, 'n.newest.v') : 'n.newest.v';
  const inRange = (range: number): string =>
    table.eventTime === null
      ? `TRUE AS in_${range}`
      : `(n.event_time >= @from_${range} AND n.event_time < @before_${range}) AS in_${range}`;
  const oneZero = isDouble ? `IF(${value} = 0, 0.0, ${value})` : value;
  const columns = [
    'UNIX_MICROS(n.event_time) AS event_time',
    `${oneZero} AS value`,
    isOrdered && `${isDouble ? `IF(IS_NAN(${value}) OR IS_INF(${value}), NULL, ${oneZero})` : value} AS number`,
    eachRange(read, inRange),
  ];
  return `valued AS (\n  SELECT ${joinSql(columns, ', ')}\n  FROM newest AS n)`;
}

function extentSql(read: StatisticsRead): string {
  return `extent AS (
  SELECT MIN(number) AS low, MAX(number) AS high, ${eachRange(
    read,
    (range) => `MIN(IF(in_${range}, number, NULL)) AS min_${range}, MAX(IF(in_${range}, number, NULL)) AS max_${range}`,
  )}
  FROM valued)`;
}

/**
 * DOUBLE: the moments of the values divided by the greatest magnitude, because their sum or squares can be beyond a double.
 * INT64: the exact sum, and the deviation of the exact distances from the minimum.
 */
function numbersSql({ valueType }: Feature, range: number): string {
  const number = `IF(in_${range}, number, NULL)`;
  // Percents are the places of the result, which begins with the minimum.
  const quantiles = `APPROX_QUANTILES(${number}, 100) AS quantiles_${range}`;
  if (valueType === 'TIMESTAMP') return quantiles;
  if (valueType === 'INT64') {
    return `${quantiles}, CAST(SUM(CAST(${number} AS NUMERIC)) AS STRING) AS sum_${range},
  STDDEV_POP(CAST(CAST(${number} AS NUMERIC) - CAST(min_${range} AS NUMERIC) AS FLOAT64)) AS deviation_${range}`;
  }
  const scaled = `${number} / NULLIF(GREATEST(ABS(min_${range}), ABS(max_${range})), 0)`;
  return `${quantiles}, AVG(${scaled}) AS scaled_mean_${range}, STDDEV_POP(${scaled}) AS scaled_deviation_${range}`;
}

function edgesSql({ bins }: StatisticsRead): string {
  const edges = innerEdges(bins).map(
    ({ ofLow, ofHigh }, index) =>
      `CAST(low AS FLOAT64) * ${ofLow} + CAST(high AS FLOAT64) * ${ofHigh} AS edge_${index}`,
  );
  return `edges AS (SELECT ${['low', ...edges].join(', ')} FROM extent)`;
}

/** A number is in the bin after the inner edges that are not above it. */
function binsSql(read: StatisticsRead): string {
  const edges = innerEdges(read.bins).map((_, index) => `edge_${index}`);
  const bin = edges.map((edge) => `IF(CAST(number AS FLOAT64) >= ${edge}, 1, 0)`).join(' + ') || '0';
  // A result has no array with a null.
  const ends = `(SELECT IF(low IS NULL, ARRAY<FLOAT64>[], ARRAY<FLOAT64>[${edges.join(', ')}]) FROM edges)`;
  return `(SELECT ${ends} AS edges, ARRAY_AGG(STRUCT(bin, ${eachRange(read, (range) => `n_${range}`)})) AS bins
  FROM (SELECT ${bin} AS bin, ${eachRange(read, (range) => `COUNTIF(in_${range}) AS n_${range}`)}
    FROM valued CROSS JOIN edges WHERE number IS NOT NULL GROUP BY bin))`;
}

function valuesSql(read: StatisticsRead): string {
  const counts = eachRange(read, (range) => `n_${range}`);
  const order = read.feature.valueType === 'DOUBLE' ? 'IS_NAN(value), value' : 'value';
  return `(SELECT ${eachRange(
    read,
    (range) => `COUNTIF(n_${range} > 0) AS distinct_${range},
  ARRAY_AGG(IF(n_${range} > 0, STRUCT(value, ${counts}), NULL) IGNORE NULLS ORDER BY n_${range} DESC, ${order} LIMIT ${read.maxTopValues}) AS top_${range}`,
  )}
  FROM (SELECT value, ${eachRange(read, (range) => `COUNTIF(in_${range}) AS n_${range}`)}
    FROM valued WHERE value IS NOT NULL GROUP BY value))`;
}
