import { DuckDBListValue, type DuckDBStructValue } from '@duckdb/node-api';
import type { UnexpectedValues } from './training-sets.js';

/** Rows that are named for each expectation. */
const MAX_EXAMPLES = 10;

/** An aggregate: the first rows by their number, with the entity whose value is unexpected. */
export function examplesSql(entityColumn: string): string {
  return `min({'row': row_id, 'entity': ${entityColumn}}, ${MAX_EXAMPLES})`;
}

/** The rows of `examplesSql`; none of a list that is null. */
export function readExamples(list: unknown): Required<Pick<UnexpectedValues, 'examples' | 'entityIds'>> {
  const items = list instanceof DuckDBListValue ? list.items.map((item) => (item as DuckDBStructValue).entries) : [];
  return {
    examples: items.map(({ row }) => BigInt(String(row))),
    entityIds: items.map(({ entity }) => (entity === null ? null : String(entity))),
  };
}
