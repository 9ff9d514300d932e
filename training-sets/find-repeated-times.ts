import { describeRepeatedTime } from '../datasources/registry/describe-expectation.js';
import type { FeatureSource } from '../datasources/registry/model.js';
import { MAX_EXAMPLES } from './expectation-sql.js';
import type { PlannedColumn, TrainingSetPlan } from './training-set-plan.js';
import type { UnexpectedValues } from './training-sets.js';
import { checkedTime } from './verify-sample.js';
import { rowNumbers, type WorkDatabase } from './work-database.js';

/**
 * The sources that should have one row of an entity at an event time, and have several where a value of the training set
 * comes from. `checked` is the text that comes before a query of the checked rows.
 */
export async function findRepeatedTimes(
  work: WorkDatabase,
  { features }: TrainingSetPlan,
  checked: string,
  tableOf: (source: FeatureSource) => string,
): Promise<UnexpectedValues[]> {
  const numbered = features.map((column, index) => ({ column, index }));
  const found: UnexpectedValues[] = [];
  for (const [source, columns] of Map.groupBy(numbered, ({ column }) => column.source)) {
    const { onRepeatedTime: action } = source.source;
    if (action === null) continue;
    const repeated = `SELECT entity_id, event_timestamp FROM ${tableOf(source.source)} GROUP BY ALL HAVING count(*) > 1`;
    const times = [...new Set(columns.map(({ column, index }) => timeOf(column, index)))];
    const isRepeated = times.map(
      (time) => `(${source.entityColumn}, ${time}) IN (SELECT (entity_id, event_timestamp) FROM repeated)`,
    );
    const [counted] = await work.rows(
      `${checked}, repeated AS (${repeated})
SELECT count(*) AS rows, min(row_id, ${MAX_EXAMPLES}) AS examples FROM checked WHERE ${isRepeated.join(' OR ')}`,
    );
    const rows = BigInt(String(counted?.rows));
    if (rows === 0n) continue;
    found.push({
      column: columns[0]!.column.name,
      kind: 'UNIQUE_TIME',
      action,
      description: describeRepeatedTime(source.source),
      rows,
      examples: rowNumbers(counted?.examples),
    });
  }
  return found;
}

function timeOf(column: PlannedColumn, index: number): string {
  return `CAST(${checkedTime(column, index)} AS TIMESTAMP)`;
}
