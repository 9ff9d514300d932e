import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { SharedFile, SharedFiles } from '../../datasources/shared-files/shared-files.js';
import { AppError, badInput } from '../../errors/app-error.js';
import { FILE_LIMITS } from '../../limits/file-limits.js';
import { forEachConcurrent } from '../../runtime/for-each-concurrent.js';
import type { Part } from './checkpoint.js';
import { hasRows, partName, type OutputFileKind, type OutputFormat, type WrittenFiles } from './output-folder.js';
import { publishedAddress, stagedAddress } from './shared-output-folder.js';

/** Copies of parts at the same time: enough for the network of one machine. */
const CONCURRENT_COPIES = 8;

export interface SharedWrittenOptions {
  readonly shared: SharedFiles;
  /** The address of the job's folder. */
  readonly address: string;
  readonly format: OutputFormat;
  /** An empty folder of this machine for the copies. */
  readonly folder: string;
  readonly signal: AbortSignal;
}

/** The files of a job among those that several gateways share, copied to this machine to be read once. */
export class SharedWrittenFiles implements WrittenFiles {
  constructor(private readonly options: SharedWrittenOptions) {}

  get format(): OutputFormat {
    return this.options.format;
  }

  async files(kind: OutputFileKind, parts: readonly Part[]): Promise<readonly string[]> {
    const { shared, folder, signal } = this.options;
    const read = parts.filter((part) => hasRows(part, kind));
    const found = new Map<Part, Found>();
    await forEachConcurrent(read, CONCURRENT_COPIES, async (part) => {
      found.set(part, await this.#find(kind, part));
    });
    const bytes = [...found.values()].reduce((sum, file) => sum + file.bytes, 0n);
    if (bytes > BigInt(FILE_LIMITS.maxSharedFileBytes)) {
      throw badInput(
        `These results have ${bytes} bytes. The gateway reads at most ${FILE_LIMITS.maxSharedFileBytes} at once: read the files of the output.`,
        'id',
      );
    }
    await mkdir(folder, { recursive: true });
    const path = ({ number }: Part): string => join(folder, partName(kind, number, this.format));
    await forEachConcurrent(read, CONCURRENT_COPIES, async (part) => {
      const { address, version } = found.get(part)!;
      await shared.read(address, version, path(part), signal);
    });
    return read.map(path);
  }

  /** A file gets its last name before the first one is removed: one of them is there. */
  async #find(kind: OutputFileKind, part: Part): Promise<Found> {
    const { shared, address: folder, format } = this.options;
    for (const nameOf of [stagedAddress, publishedAddress]) {
      const address = nameOf(folder, kind, part, format);
      const file = await shared.find(address);
      if (file && file.owner === part.run) return { ...file, address };
    }
    throw new AppError('FILE_NOT_FOUND', 'A file of the output of this job was removed or replaced.', { field: 'id' });
  }
}

type Found = SharedFile & { readonly address: string };
