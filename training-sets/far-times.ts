import { quoteIdentifier, quoteText } from '../datasources/duckdb/sql-text.js';
import { JobFailure } from '../jobs/job-failure.js';
import type { TrainingSetPlan } from './training-set-plan.js';
import type { WorkDatabase } from './work-database.js';

/** Dates and times of BigQuery are of the years 1 to 9999; DuckDB has more, and infinity. */
const TEMPORAL = /^(?:DATE|TIMESTAMP.*)$/;

/** Fails the job for a column of a file with a date or a time that BigQuery does not have, and names the column. */
export async function refuseFarTimes(
  work: WorkDatabase,
  { outputColumns }: TrainingSetPlan,
  path: string,
): Promise<void> {
  const temporal = outputColumns.filter(({ type }) => TEMPORAL.test(type));
  if (temporal.length === 0) return;
  const counts = temporal.map(({ name }, index) => {
    const column = quoteIdentifier(name);
    // A zone of the connection would move the ends.
    const isFar = `(${column} < '0001-01-02' AND ${column} <> '0001-01-01') OR ${column} >= '10000-01-01'`;
    return `bool_or(${isFar}) AS far_${index}`;
  });
  const [row] = await work.rows(`SELECT ${counts.join(', ')} FROM read_parquet(${quoteText(path)})`);
  const far = temporal.find((_, index) => row?.[`far_${index}`] === true);
  if (!far) return;
  throw new JobFailure(
    'OUTPUT_INVALID',
    `Column "${far.name}" has a date or a time that is not of the years 1 to 9999, which BigQuery does not have. Correct the value, or choose another format.`,
  );
}
