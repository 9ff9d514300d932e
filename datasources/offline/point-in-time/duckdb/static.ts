import type { BlockContext } from './block-context.js';
import { carriedValue, NEWEST_ARRIVAL_FIRST, newestValue } from './version.js';
import { joinSql } from '../sql-text.js';
import { quoteIdentifier } from '../../../duckdb/sql-text.js';
import type { SourceBlock } from '../source-block.js';

/**
 * A static source is valid at all times: its newest row (by creation, sequence, arrival) counts for every label of the
 * entity that has a time. The query first finds one row per entity, so that it scales to many labels.
 */
export function staticBlock({ source, name, table, wasWritten }: BlockContext): SourceBlock {
  const entityId = `l.${quoteIdentifier(source.entityColumn)}`;
  // The condition is part of the join key. Outside the key, it would turn the hash join into a nested loop.
  const join = `LEFT JOIN ${name} ON ${name}.entity_id = CASE WHEN l.label_time IS NOT NULL THEN ${entityId} END`;
  const found = `${name}.entity_id IS NOT NULL`;
  const written = wasWritten();
  const ofLabels = `${table} AS h SEMI JOIN (SELECT DISTINCT ${entityId} AS entity_id FROM labels AS l) USING (entity_id)${written === false ? '' : ` WHERE ${written}`}`;
  if (source.newestRow) {
    return {
      definitions: [
        `${name} AS (SELECT h.* FROM ${ofLabels}
  QUALIFY row_number() OVER (PARTITION BY h.entity_id ORDER BY ${NEWEST_ARRIVAL_FIRST}) = 1)`,
      ],
      join,
      found,
      value: ({ feature }) => `${name}.${quoteIdentifier(feature.name)}`,
      timestamp: undefined,
      created: undefined,
    };
  }
  const values = source.features.map(
    (feature) => `${newestValue(feature.feature, { timed: false })} AS newest_${feature.valueColumn}`,
  );
  return {
    definitions: [
      `${name} AS (SELECT ${joinSql(['h.entity_id', ...values], ', ')} FROM ${ofLabels} GROUP BY h.entity_id)`,
    ],
    join,
    found,
    value: ({ feature, valueColumn }) => carriedValue(feature, `${name}.newest_${valueColumn}`),
    timestamp: undefined,
    created: undefined,
  };
}
