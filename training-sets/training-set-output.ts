import { join } from 'node:path';
import { jobTableName } from '../datasources/duckdb/job-tables.js';
import type { OutputTables } from '../datasources/output-tables/output-tables.js';
import { badInput } from '../errors/app-error.js';
import type { Output } from './output.js';
import { TABLES_SCHEMA } from './output-format.js';
import type { TrainingSetDependencies } from './training-set-dependencies.js';
import type { TrainingSetOutputRequest } from './training-sets.js';

const EXTENSIONS = { PARQUET: 'parquet', CSV: 'csv' } as const;

/** Returns the location of an output. An output without a name is named after the job. */
export async function toOutput(
  { format, location }: TrainingSetOutputRequest,
  jobId: string,
  { files, shared, tables, workFolder }: Pick<TrainingSetDependencies, 'files' | 'shared' | 'tables' | 'workFolder'>,
): Promise<Output> {
  if (format === 'TABLE') {
    const name = jobTableName(location, jobId);
    return { format, location: `${TABLES_SCHEMA}.${name}`, target: name, partial: null };
  }
  const partial = join(workFolder, `${jobId}.partial`);
  if (format === 'BIGQUERY') {
    const name = location ?? `training_set_${jobId.replaceAll('-', '_')}`;
    const target = requireTables(tables).address(name, 'output.location');
    return { format, location: target, target, partial };
  }
  const name = location ?? `training-sets/${jobId}.${EXTENSIONS[format]}`;
  if (shared) {
    const target = shared.files.address(name, 'output.location');
    return { format, location: target, target, partial };
  }
  const target = await files.writable(name, 'output.location');
  return { format, location: name, target, partial: `${target}.${jobId}.partial` };
}

/** Refuses an output in BigQuery where the operator named no dataset for it. */
export function requireTables(tables: OutputTables | undefined): OutputTables {
  if (tables) return tables;
  throw badInput(
    'This gateway writes no tables of BigQuery: the operator named no dataset for them (FEATUREGRAPH_OUTPUT_DATASET). Choose another format.',
    'output.format',
  );
}
