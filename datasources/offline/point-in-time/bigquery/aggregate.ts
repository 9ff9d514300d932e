import type { BigQueryBlockContext } from './block-context.js';
import { historyColumn, isKnownSql, newestRowSql, quoteForBigQuery, valueIsKnownSql, valueOrNull } from './table.js';
import { noCreationTime } from '../no-creation-time.js';
import type { SourceBlock } from '../source-block.js';
import { joinSql } from '../sql-text.js';

/**
 * Joins each label with the history of its entity up to its time and selects the newest by one ARRAY_AGG ... LIMIT 1
 * per group.
 */
export function aggregateBlock(context: BigQueryBlockContext): SourceBlock {
  const { source, name, table, created } = context;
  const eventTime = table.eventTime === null ? null : historyColumn(table.eventTime);
  const times = [
    ...(eventTime === null ? [] : [`${eventTime} AS t`]),
    ...(created === null ? [] : [`${created} AS c`]),
  ];
  const columns = source.newestRow
    ? [
        `${newestRowSql(table, [
          ...times,
          ...source.features.map(({ feature, valueColumn }) => `${valueOrNull(table, feature)} AS ${valueColumn}`),
        ])} AS newest`,
      ]
    : [
        ...(eventTime === null ? [] : [`MAX(${eventTime}) AS newest`]),
        ...source.features.map(({ feature, valueColumn }) => {
          const fields = [...times, `${valueIsKnownSql(feature)} AS v`];
          return `${newestRowSql(table, fields, isKnownSql(table, feature))} AS ${valueColumn}`;
        }),
      ];
  return {
    definitions: [
      `${name} AS (
  SELECT ${joinSql(['l.row_id', ...columns], ',\n    ')}
  FROM labels AS l
  JOIN ${quoteForBigQuery(table.path)} AS h ON ${joinSql(labelRowsSql(context), ' AND ')}
  ${context.constants.length === 0 ? '' : `WHERE ${context.constants.join(' AND ')}\n  `}GROUP BY l.row_id)`,
    ],
    join: `LEFT JOIN ${name} ON ${name}.row_id = l.row_id`,
    found: `${name}.row_id IS NOT NULL`,
    value: ({ valueColumn }) => (source.newestRow ? `${name}.newest.${valueColumn}` : `${name}.${valueColumn}.v`),
    timestamp:
      eventTime === null
        ? undefined
        : ({ valueColumn }) =>
            source.newestRow ? `${name}.newest.t` : `COALESCE(${name}.${valueColumn}.t, ${name}.newest)`,
    created:
      created === null
        ? undefined
        : ({ valueColumn }) => (source.newestRow ? `${name}.newest.c` : `${name}.${valueColumn}.c`),
  };
}

/**
 * Whether a row of the history counts for a label. A label without an id or a time has nulls here and matches nothing.
 */
function labelRowsSql({ plan, source: { source }, table, keys, wasWritten }: BigQueryBlockContext): string[] {
  const { strictlyBefore, knownAtLabelTime } = plan.options;
  const ofEntity = [
    ...table.entityColumns.map(({ name }, part) => `${historyColumn(name)} = l.${keys[part]}`),
    ...(wasWritten === null ? [] : [wasWritten]),
  ];
  if (table.eventTime === null) return [...ofEntity, 'l.label_time IS NOT NULL'];
  const isBefore = `${historyColumn(table.eventTime)} ${strictlyBefore ? '<' : '<='} l.label_time`;
  if (!knownAtLabelTime) return [...ofEntity, isBefore];
  // A row with an unknown creation time cannot be proven to have been known: in a table without creation times, no row.
  if (table.createdTime === null) throw noCreationTime(source, 'knownAtLabelTime');
  return [...ofEntity, isBefore, `${historyColumn(table.createdTime)} <= l.label_time`];
}
