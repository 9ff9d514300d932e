import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { badInput } from '../../../errors/app-error.js';
import type { DataFiles } from '../../files/data-files.js';
import type { DuckDbDatabase } from '../../offline/duckdb/database.js';
import type { Registry } from '../../registry/registry.js';
import type { JobControl, JobOutcome, JobRunner } from '../job-runner.js';
import type { JobRecord } from '../job.js';
import type { TrainingSetOutputRequest, TrainingSetRequest } from '../training-sets.js';
import { makeTrainingSet, prepareLabels, type Output } from './make-training-set.js';
import { TABLES_SCHEMA } from './output-format.js';
import { patiently, type StoreElsewhere } from './store-elsewhere.js';
import { requestOf, type TrainingSetSpec } from './training-set-spec.js';
import { countRows, removeWorkFile, WorkDatabase } from './work-database.js';

export interface TrainingSetRooms {
  /** Of the offline store. */
  readonly database: DuckDbDatabase;
  /** Where a featurestore's history is, if not in `database`. */
  readonly elsewhere: StoreElsewhere;
  readonly registry: Registry;
  readonly files: DataFiles;
  /** Where the work of unfinished jobs is kept; no client can name it. */
  readonly workFolder: string;
}

/** What is joined stands in the work database; beside it only this need be known. */
interface Checkpoint {
  readonly isWritten: boolean;
}

/**
 * So many labels are joined at once: each chunk sorts the history again, so few chunks are fast; 5 million labels with 20
 * features are about 1 GB.
 */
const CHUNK_ROWS = 5_000_000;

/**
 * Makes training sets. A job of several chunks works in a file, and taken up again goes on after the last step; one
 * of a single chunk works in memory, in half the time, and starts over.
 */
export class TrainingSetRunner implements JobRunner {
  readonly kind = 'TRAINING_SET';

  constructor(
    private readonly rooms: TrainingSetRooms,
    private readonly chunkRows = CHUNK_ROWS,
  ) {}

  /** Cancelled, it leaves nothing: half a training set is a biased one. */
  async run(job: JobRecord, control: JobControl): Promise<JobOutcome> {
    const path = join(this.rooms.workFolder, `${job.id}.duckdb`);
    await mkdir(this.rooms.workFolder, { recursive: true });
    try {
      const outcome = await this.#work(job, path, control);
      await removeWorkFile(path);
      return outcome;
    } catch (error) {
      if (control.signal.aborted && control.signal.reason === 'stop') throw error;
      await removeWorkFile(path);
      if (!control.signal.aborted) throw error;
      return { state: 'CANCELLED', result: null, progress: job.progress };
    }
  }

  async #work({ id, spec: kept, checkpoint }: JobRecord, path: string, control: JobControl): Promise<JobOutcome> {
    const spec = kept as TrainingSetSpec;
    const { database, registry, files } = this.rooms;
    const { signal } = control;
    const elsewhere = patiently(this.rooms.elsewhere, signal);
    const work = await WorkDatabase.open(await database.instance.connect(), id, signal);
    try {
      // Without its file, whatever was done before is done anew.
      const isResumed = existsSync(path);
      if (isResumed) await work.moveTo(path);
      const request = requestOf(spec, registry);
      const chunkRows = this.#chunkRows(request);
      const plan = await prepareLabels(work, request, { files, elsewhere, file: { path, whenOver: chunkRows } });
      const total = BigInt(await countRows(work, 'labels'));
      await control.running(total);
      const progress = (completed: bigint) => ({ completed, failed: 0n, total });
      const result = await makeTrainingSet(work, plan, await outputOf(spec.output, id, files), {
        id,
        chunkRows,
        isWritten: isResumed && (checkpoint as Checkpoint | null)?.isWritten === true,
        onStep: (rows) => control.checkpoint({ isWritten: false } satisfies Checkpoint, progress(rows)),
        onWritten: () => control.checkpoint({ isWritten: true } satisfies Checkpoint, progress(total)),
        onEstimate: (rows) => control.report(progress(rows)),
      });
      const { leakedRows } = result.validation;
      return {
        state: leakedRows > 0n ? 'PARTIALLY_SUCCEEDED' : 'SUCCEEDED',
        result,
        progress: { completed: total - leakedRows, failed: leakedRows, total },
      };
    } finally {
      await work.close();
    }
  }

  /** Reads of a store elsewhere take minutes and cost money: each is a chunk, so that none is made twice. */
  #chunkRows({ joins }: TrainingSetRequest): number {
    const most = joins.flatMap(
      ({ entityType }) => this.rooms.elsewhere(entityType.featurestore)?.maxLabelsPerRead ?? [],
    );
    return Math.min(this.chunkRows, ...most);
  }
}

const EXTENSIONS = { PARQUET: 'parquet', CSV: 'csv' } as const;
const TABLE_NAME = /^[A-Za-z][A-Za-z0-9_]{0,62}$/;

/** Where an output goes; one that is not named is called after the job. */
export async function outputOf(
  { format, location }: TrainingSetOutputRequest,
  jobId: string,
  files: DataFiles,
): Promise<Output> {
  if (format === 'TABLE') {
    const name = location ?? `job_${jobId.replaceAll('-', '_')}`;
    if (TABLE_NAME.test(name)) return { format, location: `${TABLES_SCHEMA}.${name}`, target: name };
    throw badInput(
      `"${name}" is no name for a table: letters, digits and underscores, at most 63, a letter first.`,
      'output.location',
    );
  }
  const name = location ?? `training-sets/${jobId}.${EXTENSIONS[format]}`;
  return { format, location: name, target: await files.writable(name, 'output.location') };
}
