import { createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { posix } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { File, Storage } from '@google-cloud/storage';
import { AppError, badInput } from '../../../errors/app-error.js';
import { FILE_LIMITS } from '../../../limits/file-limits.js';
import { readHttpStatus } from './http-status.js';
import type { ListedFile, SharedFile, SharedFiles, SharedWrite } from '../shared-files.js';

export interface CloudStorageFilesOptions {
  /** Opened on first use. */
  readonly storage: () => Promise<Storage>;
  readonly bucket: string;
  /** The folder in the bucket, without slashes at its ends. Empty: the whole bucket. */
  readonly folder: string;
  /** Files of this size and more are sent in chunks. Tests use less. */
  readonly resumableBytes?: number;
  /** A multiple of 256 KiB, as Cloud Storage requires. Tests use less. */
  readonly chunkBytes?: number;
}

/** Below this size, repeating the whole upload costs less than the requests of a resumable one. */
const RESUMABLE_BYTES = 8 * 1024 * 1024;

/**
 * The client keeps a chunk in memory until Cloud Storage has it, and after a broken connection it sends the rest of the
 * chunk again. Without chunks it keeps only its last buffer, and a connection that breaks ends the upload.
 */
const CHUNK_BYTES = 8 * 1024 * 1024;

/** Bytes of the name of an object in Cloud Storage. */
const MAX_NAME_BYTES = 1024;

/** The names of the metadata that a job leaves at its objects. */
const OWNER = 'featuregraph-job';
const CHECKSUM = 'featuregraph-sha256';

/**
 * Objects in a folder of a bucket. Every write and removal has an if-generation-match precondition, which also makes
 * the client's retries of it safe.
 */
export class CloudStorageFiles implements SharedFiles {
  readonly #root: string;

  constructor(private readonly options: CloudStorageFilesOptions) {
    const { bucket, folder } = options;
    this.#root = folder === '' ? `gs://${bucket}/` : `gs://${bucket}/${folder}/`;
  }

  address(name: string, field: string): string {
    if (name.length > FILE_LIMITS.maxPathLength) {
      throw badInput(`A path has at most ${FILE_LIMITS.maxPathLength} characters.`, field);
    }
    const path = name.startsWith(this.#root) ? name.slice(this.#root.length) : name;
    // An object's name has no folders that `..` could leave, but tools and policies read it as a path.
    const isPath = path !== '' && !path.startsWith('/') && posix.normalize(path) === path && !path.startsWith('../');
    const isName = isPath && path !== '.' && path !== '..' && !path.endsWith('/') && !path.includes('://');
    // eslint-disable-next-line no-control-regex -- these are what Cloud Storage refuses or advises against
    if (!isName || !name.isWellFormed() || /[\u0000-\u001f\u007f#*?[\]]/.test(path)) {
      throw badInput(
        `"${name}" is not the name of a file in the folder that the gateways share. Give a path there, such as labels/june.parquet.`,
        field,
      );
    }
    const address = `${this.#root}${path}`;
    if (Buffer.byteLength(address) - `gs://${this.options.bucket}/`.length > MAX_NAME_BYTES) {
      throw badInput(`The name of an object in Cloud Storage has at most ${MAX_NAME_BYTES} bytes.`, field);
    }
    return address;
  }

  async find(address: string): Promise<SharedFile | undefined> {
    const file = await this.#file(address);
    try {
      await file.getMetadata();
    } catch (error) {
      if (readHttpStatus(error) === 404) return undefined;
      throw toUnavailable(error);
    }
    return toSharedFile(file);
  }

  async write(
    path: string,
    address: string,
    { owner, checksum, replaces }: SharedWrite,
  ): Promise<SharedFile | undefined> {
    const { bucket, resumableBytes = RESUMABLE_BYTES, chunkBytes = CHUNK_BYTES } = this.options;
    const { size } = await stat(path);
    const storage = await this.options.storage();
    try {
      const [file] = await storage.bucket(bucket).upload(path, {
        destination: this.#objectName(address),
        resumable: size >= resumableBytes,
        chunkSize: chunkBytes,
        preconditionOpts: { ifGenerationMatch: replaces ?? 0 },
        metadata: { metadata: { [OWNER]: owner, [CHECKSUM]: checksum } },
      });
      return toSharedFile(file);
    } catch (error) {
      if (readHttpStatus(error) === 412) return undefined;
      throw toUnavailable(error);
    }
  }

  async read(address: string, version: string, path: string, signal: AbortSignal): Promise<void> {
    const storage = await this.options.storage();
    signal.throwIfAborted();
    const file = storage.bucket(this.options.bucket).file(this.#objectName(address), { generation: version });
    const content = file.createReadStream();
    const answered = new AbortController();
    const stop = abortAfterAnswer(content, signal, answered);
    signal.addEventListener('abort', stop, { once: true });
    try {
      await pipeline(content, createWriteStream(path), { signal: answered.signal });
    } catch (error) {
      signal.throwIfAborted();
      throw toUnavailable(error);
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  async list(folder: string, limit: number): Promise<readonly ListedFile[]> {
    const { bucket, storage } = this.options;
    const prefix = `${this.#objectName(folder)}/`;
    try {
      const files = (await storage()).bucket(bucket).getFilesStream({ prefix, maxResults: limit });
      const listed: ListedFile[] = [];
      for await (const { name, metadata } of files as AsyncIterable<File>) {
        listed.push({ address: `gs://${bucket}/${name}`, version: String(metadata.generation) });
        if (listed.length === limit) break;
      }
      return listed;
    } catch (error) {
      throw toUnavailable(error);
    }
  }

  async copy(from: string, to: string, replaces: string | null): Promise<SharedFile | undefined> {
    const [source, target] = [await this.#file(from), await this.#file(to)];
    try {
      const [copied] = await source.copy(target, { preconditionOpts: { ifGenerationMatch: replaces ?? 0 } });
      await copied.getMetadata();
      return toSharedFile(copied);
    } catch (error) {
      const status = readHttpStatus(error);
      if (status === 404 || status === 412) return undefined;
      throw toUnavailable(error);
    }
  }

  async remove(address: string, version: string): Promise<void> {
    const file = await this.#file(address);
    try {
      await file.delete({ ifGenerationMatch: version });
    } catch (error) {
      const status = readHttpStatus(error);
      if (status !== 404 && status !== 412) throw toUnavailable(error);
    }
  }

  async #file(address: string): Promise<File> {
    return (await this.options.storage()).bucket(this.options.bucket).file(this.#objectName(address));
  }

  #objectName(address: string): string {
    return address.slice(`gs://${this.options.bucket}/`.length);
  }
}

function toSharedFile({ metadata }: File): SharedFile {
  const text = (key: string): string | null => {
    const value = metadata.metadata?.[key];
    return typeof value === 'string' ? value : null;
  };
  return {
    version: String(metadata.generation),
    bytes: BigInt(metadata.size ?? 0),
    owner: text(OWNER),
    checksum: text(CHECKSUM),
  };
}

/**
 * The client pipes the answer into the stream that it returned. If that is destroyed before the answer comes, the client
 * throws where nothing catches it, and the process ends. So an abort waits for the answer.
 */
function abortAfterAnswer(content: Readable, signal: AbortSignal, answered: AbortController): () => void {
  const answer = new Promise<void>((resolve) => {
    // The client pipes after this event, in the same turn.
    content.once('response', () => setImmediate(resolve));
    content.once('close', resolve);
  });
  return () => void answer.then(() => answered.abort(signal.reason));
}

/** The connection failed (a code of the system), or the service asked to wait. */
function isTransient(error: unknown): boolean {
  const status = readHttpStatus(error);
  if (status !== undefined) return status === 408 || status === 429 || status >= 500;
  if (!(error instanceof Error)) return false;
  if (UPLOAD_GIVEN_UP.test(error.message)) return true;
  return 'code' in error && typeof error.code === 'string' && /^E[A-Z_]+$/.test(error.code);
}

/**
 * How the client ends a resumable upload that a repetition of the whole write mends. The first says that Cloud Storage
 * told of no bytes: the answer to the last chunk was lost, or the session was. The caller finds out which.
 */
const UPLOAD_GIVEN_UP = /^(The offset is lower than the number of bytes written|Retry (total time )?limit exceeded)/;

/** A permission or a bucket that does not exist is for the operator: it passes, is masked, and is logged. */
function toUnavailable(error: unknown): unknown {
  if (!isTransient(error)) return error;
  return new AppError(
    'STORE_UNAVAILABLE',
    'The files of the gateways did not answer. Try again.',
    {},
    { cause: error },
  );
}
