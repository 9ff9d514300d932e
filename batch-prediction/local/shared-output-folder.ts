import { randomUUID } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SharedFile, SharedFiles } from '../../datasources/shared-files/shared-files.js';
import type { JobState } from '../../datasources/job-store/job-state.js';
import { JobFailure } from '../../jobs/job-failure.js';
import { fileChecksum } from '../../runtime/file-checksum.js';
import { forEachConcurrent } from '../../runtime/for-each-concurrent.js';
import { retryOnOutage } from '../../runtime/retry-on-outage.js';
import type { BatchPredictionCheckpoint, Part } from './checkpoint.js';
import {
  folderInUse,
  MANIFEST,
  manifestText,
  partKinds,
  partName,
  type BatchOutputFolder,
  type OutputFileKind,
  type OutputFormat,
} from './output-folder.js';

/** Copies and removals at the same time: each is a request of a few milliseconds. */
const CONCURRENT_REQUESTS = 8;

/** Left-over files that are removed at once. */
const REMOVED_AT_ONCE = 1_000;

export interface SharedOutputOptions {
  readonly files: SharedFiles;
  /** The address of the folder. */
  readonly address: string;
  readonly format: OutputFormat;
  /** The folder of this machine for files that are not finished; removed by the job. */
  readonly workFolder: string;
  readonly signal: AbortSignal;
}

/**
 * The output folder of a job among the files that several gateways share.
 *
 * A paused gateway may go on after another one took its job. So no run writes under the names that readers look for: the
 * files of a part have a name of their run, below `_parts/`, and the checkpoint, which only the owner of the job can
 * store, says which of them count. When the job ends, the last checkpoint says so (`ending`), and its list of parts never
 * changes again. Only then are its files copied to their names: a gateway that copies late copies the same bytes.
 */
export class SharedOutputFolder implements BatchOutputFolder {
  readonly run = randomUUID();
  readonly path: string;

  constructor(private readonly options: SharedOutputOptions) {
    this.path = join(options.workFolder, this.run);
  }

  get format(): OutputFormat {
    return this.options.format;
  }

  async claim(job: string): Promise<void> {
    await mkdir(this.path, { recursive: true });
    const { files } = this.options;
    await this.#patiently(async () => {
      for (;;) {
        const there = await files.find(this.#manifest);
        if (there && there.owner !== job) throw folderInUse();
        if (there || (await this.#writeManifest(job, JSON.stringify({ job, state: 'RUNNING' }), null))) return;
      }
    });
  }

  async dropAfter(): Promise<void> {
    // What a killed gateway left has names that nothing reads; it is removed at the end of the job.
  }

  async place(from: string, kind: OutputFileKind, number: number): Promise<void> {
    const { files, address, format } = this.options;
    const target = stagedAddress(address, kind, { number, run: this.run }, format);
    const checksum = await fileChecksum(from);
    await this.#patiently(async () => {
      const written = await files.write(from, target, { owner: this.run, checksum, replaces: null });
      // No other gateway uses this name: the answer to an earlier attempt was lost.
      if (!written && (await files.find(target))?.checksum !== checksum) throw filesLost();
    });
    await rm(from, { force: true });
  }

  async publish(job: string, state: JobState, checkpoint: BatchPredictionCheckpoint): Promise<void> {
    const { files } = this.options;
    await forEachConcurrent(checkpoint.parts, CONCURRENT_REQUESTS, async (part) => {
      for (const kind of partKinds(part)) await this.#patiently(() => this.#publishFile(kind, part));
    });
    const text = manifestText(job, state, checkpoint);
    await this.#patiently(async () => {
      for (;;) {
        const there = await files.find(this.#manifest);
        if (there?.owner !== job) throw folderInUse();
        if (await this.#writeManifest(job, text, there)) return;
      }
    });
    await this.#patiently(() => this.#removeParts());
  }

  async #publishFile(kind: OutputFileKind, part: Part): Promise<void> {
    const { files, address, format } = this.options;
    const target = publishedAddress(address, kind, part, format);
    const there = await files.find(target);
    if (there && there.owner === part.run) return;
    if (there) throw folderInUse();
    if (await files.copy(stagedAddress(address, kind, part, format), target, null)) return;
    // Another gateway was faster, or an answer was lost; else the file was removed.
    if ((await files.find(target))?.owner !== part.run) throw filesLost();
  }

  async #removeParts(): Promise<void> {
    const { files, address } = this.options;
    for (;;) {
      const left = await files.list(`${address}/${PARTS}`, REMOVED_AT_ONCE);
      if (left.length === 0) return;
      await forEachConcurrent(left, CONCURRENT_REQUESTS, (file) => files.remove(file.address, file.version));
    }
  }

  async #writeManifest(owner: string, text: string, replaces: SharedFile | null): Promise<SharedFile | undefined> {
    const path = join(this.path, MANIFEST);
    await writeFile(path, text);
    const checksum = await fileChecksum(path);
    if (replaces?.checksum === checksum) return replaces;
    return this.options.files.write(path, this.#manifest, { owner, checksum, replaces: replaces?.version ?? null });
  }

  get #manifest(): string {
    return `${this.options.address}/${MANIFEST}`;
  }

  /** A job can wait, and its predictions would be paid for again. */
  #patiently<Result>(ask: () => Promise<Result>): Promise<Result> {
    return retryOnOutage(this.options.signal, ask);
  }
}

/** Readers of the folder ignore names that begin with _, as they do with those of other tools. */
const PARTS = '_parts';

/** A file of a part before the job ends. */
export function stagedAddress(
  address: string,
  kind: OutputFileKind,
  { number, run }: Pick<Part, 'number' | 'run'>,
  format: OutputFormat,
): string {
  return `${address}/${PARTS}/${run}/${partName(kind, number, format)}`;
}

/** A file of a part after the job ended. */
export function publishedAddress(
  address: string,
  kind: OutputFileKind,
  { number }: Pick<Part, 'number'>,
  format: OutputFormat,
): string {
  return `${address}/${partName(kind, number, format)}`;
}

function filesLost(): JobFailure {
  return new JobFailure(
    'OUTPUT_IN_USE',
    'Something else changed the files of this job in its folder before it ended. Start the job again with another folder.',
  );
}
