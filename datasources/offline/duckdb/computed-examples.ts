import { DuckDBListValue, DuckDBStructValue } from '@duckdb/node-api';
import { instantFromDuckDb } from '../../duckdb/value-mapping.js';
import type { FeatureSource } from '../../registry/model.js';
import { MAX_COMPUTED_EXAMPLES, type ComputedRow } from '../computed-violation.js';

/** An aggregate: the first rows by entity and time. */
export function examplesSql({ timestampColumn }: FeatureSource): string {
  const time = timestampColumn === null ? 'NULL::TIMESTAMP' : 'event_timestamp';
  return `min({'id': entity_id, 'time': ${time}}, ${MAX_COMPUTED_EXAMPLES})`;
}

/** The rows of `examplesSql`; none of a list that is null. */
export function toExamples(list: unknown): ComputedRow[] {
  if (!(list instanceof DuckDBListValue)) return [];
  return list.items.map((item) => {
    const { id, time } = (item as DuckDBStructValue).entries;
    return { entityId: String(id), timestamp: instantFromDuckDb(time) };
  });
}
