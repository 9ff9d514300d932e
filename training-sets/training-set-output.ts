import type { DataFiles } from '../datasources/files/data-files.js';
import { jobTableName } from '../datasources/duckdb/job-tables.js';
import type { Output } from './make-training-set.js';
import { TABLES_SCHEMA } from './output-format.js';
import type { TrainingSetOutputRequest } from './training-sets.js';

const EXTENSIONS = { PARQUET: 'parquet', CSV: 'csv' } as const;

/** Returns the location of an output. An output without a name is named after the job. */
export async function toOutput(
  { format, location }: TrainingSetOutputRequest,
  jobId: string,
  files: DataFiles,
): Promise<Output> {
  if (format === 'TABLE') {
    const name = jobTableName(location, jobId);
    return { format, location: `${TABLES_SCHEMA}.${name}`, target: name };
  }
  const name = location ?? `training-sets/${jobId}.${EXTENSIONS[format]}`;
  return { format, location: name, target: await files.writable(name, 'output.location') };
}
