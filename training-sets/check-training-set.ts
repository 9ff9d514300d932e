import { existsSync } from 'node:fs';
import { readTableComment } from '../datasources/duckdb/job-tables.js';
import { badInput } from '../errors/app-error.js';
import { labelRelation } from './label-relation.js';
import { prepareLabels } from './make-training-set.js';
import { TABLES_SCHEMA } from './output-format.js';
import { sidecarPath } from './provenance-file.js';
import { withWorkDatabase, type TrainingSetDependencies } from './training-set-dependencies.js';
import { requireTables, toOutput } from './training-set-output.js';
import { planTrainingSet } from './training-set-plan.js';
import type { StartTrainingSet, TrainingSetRequest } from './training-sets.js';
import type { WorkDatabase } from './work-database.js';
import { refuseUnwritableColumns } from './writable-columns.js';

/** Rejects labels that cannot be read or lack columns, and an output that exists. */
export async function checkTrainingSet(
  dependencies: TrainingSetDependencies,
  request: TrainingSetRequest & StartTrainingSet,
): Promise<void> {
  await withWorkDatabase(dependencies, async (work) => {
    // Inline labels are read now. For a file or table, only its columns are checked.
    const plan =
      request.labels.kind === 'INLINE'
        ? await prepareLabels(work, request, dependencies)
        : planTrainingSet(
            request,
            // The job reads a text file again. The rows that were read here could be kept for it, but a job may start
            // hours later, on another attempt or after a restart. It would then need a second, durable folder, a digest
            // of the file to notice a change in between, and a removal for each way in which a job ends. Reading twice
            // costs seconds for each GiB; the digest alone would cost about as much.
            (await labelRelation(work, request, dependencies)).columns,
            dependencies.findRemoteStore,
          );
    refuseUnwritableColumns(plan, request.output.format);
    await assertOutputIsNew(dependencies, work, request);
  });
}

/** A job never overwrites an existing output: a model may have been trained on it. */
async function assertOutputIsNew(
  dependencies: TrainingSetDependencies,
  work: WorkDatabase,
  { output }: StartTrainingSet,
): Promise<void> {
  if (output.location === null) return;
  const { shared, tables } = dependencies;
  const isThere = async (path: string): Promise<boolean> =>
    shared ? (await shared.files.find(path)) !== undefined : existsSync(path);
  const { format, target, location } = await toOutput(output, '', dependencies);
  const exists =
    format === 'TABLE'
      ? (await readTableComment(work.connection, TABLES_SCHEMA, target)) !== undefined
      : format === 'BIGQUERY'
        ? (await requireTables(tables).find(target)) !== undefined
        : await isThere(target);
  if (exists) throw badInput(`There is already "${location}". Give the output another name.`, 'output.location');
  if (format === 'CSV' && (await isThere(sidecarPath(target)))) {
    throw badInput(
      `There is already "${sidecarPath(location)}", the name of the provenance. Give the output another name.`,
      'output.location',
    );
  }
}
