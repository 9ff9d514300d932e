import { link, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { JobFailure } from '../../jobs/job-failure.js';
import type { JobState } from '../../datasources/job-store/job-state.js';
import type { BatchPredictionCheckpoint, Part } from './checkpoint.js';
import { syncFile } from '../../runtime/sync-file.js';

export type OutputFormat = 'PARQUET' | 'JSONL';
export type OutputFileKind = 'predictions' | 'errors';

export const MANIFEST = 'manifest.json';
const EXTENSIONS: Readonly<Record<OutputFormat, string>> = { PARQUET: 'parquet', JSONL: 'jsonl' };

/** Where the files of parts are read from. */
export interface WrittenFiles {
  readonly format: OutputFormat;

  /** The paths on this machine of the files of these parts that have rows, in order. */
  files(kind: OutputFileKind, parts: readonly Part[]): readonly string[] | Promise<readonly string[]>;
}

/** Where a job writes its output: a folder of this machine, or of the files that several gateways share. */
export interface BatchOutputFolder {
  /** The folder of this machine for files that are not finished. */
  readonly path: string;
  readonly format: OutputFormat;
  /** The run of the job that writes the files of a part, where their names say it (Part.run). */
  readonly run?: string;

  /** Claims the folder for this job, or finds that it has it already. Two jobs with one folder must not mix their files. */
  claim(job: string): Promise<void>;

  /** Removes what a killed process wrote after the last checkpoint. */
  dropAfter(parts: readonly Part[]): Promise<void>;

  /** Moves a finished file of a part to its name. */
  place(from: string, kind: OutputFileKind, number: number): Promise<void>;

  /** Leaves the files of the checkpoint in the folder, and the manifest that names them. */
  publish(job: string, state: JobState, checkpoint: BatchPredictionCheckpoint): Promise<void>;
}

/** The folder's pattern, for people and for DuckDB. */
export function outputPattern(location: string, kind: OutputFileKind, format: OutputFormat): string {
  return `${location}/${kind}-*.${EXTENSIONS[format]}`;
}

/** The name of a file in the folder. */
export function partName(kind: OutputFileKind, number: number, format: OutputFormat): string {
  return `${kind}-${String(number).padStart(5, '0')}.${EXTENSIONS[format]}`;
}

/** The kinds of files that a part has, in the order in which they are written. */
export function partKinds(part: Part): OutputFileKind[] {
  return (['predictions', 'errors'] as const).filter((kind) => hasRows(part, kind));
}

export function hasRows(part: Part, kind: OutputFileKind): boolean {
  return (kind === 'predictions' ? part.predictions : part.failures) > 0;
}

export function manifestText(
  job: string,
  state: JobState,
  { total, columns, outputs, parts }: BatchPredictionCheckpoint,
): string {
  const files = parts.map(({ run: _, ...part }) => part);
  return `${JSON.stringify({ job, state, total, columns, outputs, parts: files }, null, 2)}\n`;
}

export function folderInUse(): JobFailure {
  return new JobFailure('OUTPUT_IN_USE', 'Another job writes to the same folder. Give each its own.');
}

/**
 * The output folder of a job: predictions-00001.parquet, errors-00001.parquet, …, numbered in the order of the input,
 * and manifest.json, which names the job, and at the end the files. Other names in it are unfinished work.
 */
export class OutputFolder implements BatchOutputFolder, WrittenFiles {
  constructor(
    readonly path: string,
    readonly format: OutputFormat,
  ) {}

  file(kind: OutputFileKind, number: number): string {
    return join(this.path, partName(kind, number, this.format));
  }

  files(kind: OutputFileKind, parts: readonly Part[]): string[] {
    return parts.filter((part) => hasRows(part, kind)).map(({ number }) => this.file(kind, number));
  }

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
      if (owner.job !== job) throw folderInUse();
    } finally {
      await rm(mine, { force: true });
    }
    await syncFile(this.path);
  }

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

  async place(from: string, kind: OutputFileKind, number: number): Promise<void> {
    await rename(from, this.file(kind, number));
    await syncFile(this.path);
  }

  async publish(job: string, state: JobState, checkpoint: BatchPredictionCheckpoint): Promise<void> {
    const temporary = join(this.path, `${MANIFEST}.tmp`);
    await writeFile(temporary, manifestText(job, state, checkpoint), { flush: true });
    await rename(temporary, join(this.path, MANIFEST));
    await syncFile(this.path);
  }
}
