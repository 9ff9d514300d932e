import { link, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { JobFailure } from '../../jobs/job-failure.js';
import type { JobState } from '../../datasources/job-store/job-state.js';
import type { BatchPredictionCheckpoint, Part } from './checkpoint.js';
import { syncFile } from '../../runtime/sync-file.js';

export type OutputFormat = 'PARQUET' | 'JSONL';
export type OutputFileKind = 'predictions' | 'errors';

const MANIFEST = 'manifest.json';
const EXTENSIONS: Readonly<Record<OutputFormat, string>> = { PARQUET: 'parquet', JSONL: 'jsonl' };

/**
 * The output folder of a job: predictions-00001.parquet, errors-00001.parquet, …, numbered in the order of the input,
 * and manifest.json, which names the job, and at the end the files. Other names in it are unfinished work.
 */
export class OutputFolder {
  constructor(
    readonly path: string,
    readonly format: OutputFormat,
  ) {}

  /** The folder's pattern, for people and for DuckDB. */
  static pattern(location: string, kind: OutputFileKind, format: OutputFormat): string {
    return `${location}/${kind}-*.${EXTENSIONS[format]}`;
  }

  file(kind: OutputFileKind, number: number): string {
    return join(this.path, `${kind}-${String(number).padStart(5, '0')}.${EXTENSIONS[this.format]}`);
  }

  /** The files of these parts that have rows, in order. */
  files(kind: OutputFileKind, parts: readonly Part[]): string[] {
    const count = kind === 'predictions' ? 'predictions' : 'failures';
    return parts.filter((part) => part[count] > 0).map(({ number }) => this.file(kind, number));
  }

  /**
   * Claims the folder for this job, or finds that it has it already. Two jobs with one folder must not mix their files.
   */
  async claim(job: string): Promise<void> {
    await mkdir(this.path, { recursive: true });
    const manifest = join(this.path, MANIFEST);
    const mine = join(this.path, `.${job}.tmp`);
    await writeFile(mine, JSON.stringify({ job, state: 'RUNNING' }), { flush: true });
    try {
      // Creating a link is atomic, and never replaces an existing file.
      await link(mine, manifest);
    } catch {
      const owner = JSON.parse(await readFile(manifest, 'utf8')) as { job?: unknown };
      if (owner.job !== job)
        throw new JobFailure('OUTPUT_IN_USE', 'Another job writes to the same folder. Give each its own.');
    } finally {
      await rm(mine, { force: true });
    }
    await syncFile(this.path);
  }

  /** Removes the files that a killed process wrote after the last checkpoint. */
  async dropAfter(parts: readonly Part[]): Promise<void> {
    const kept = new Set([
      ...this.files('predictions', parts),
      ...this.files('errors', parts),
      join(this.path, MANIFEST),
    ]);
    for (const name of await readdir(this.path)) {
      const path = join(this.path, name);
      // It may be missing: another job that finds the folder claimed removes its own claim.
      if (!kept.has(path)) await rm(path, { recursive: true, force: true });
    }
  }

  /** Moves a finished file to its final name. */
  async place(from: string, kind: OutputFileKind, number: number): Promise<void> {
    await rename(from, this.file(kind, number));
    await syncFile(this.path);
  }

  async writeManifest(job: string, state: JobState, checkpoint: BatchPredictionCheckpoint): Promise<void> {
    const { total, columns, outputs, parts } = checkpoint;
    const temporary = join(this.path, `${MANIFEST}.tmp`);
    await writeFile(temporary, `${JSON.stringify({ job, state, total, columns, outputs, parts }, null, 2)}\n`, {
      flush: true,
    });
    await rename(temporary, join(this.path, MANIFEST));
    await syncFile(this.path);
  }
}
