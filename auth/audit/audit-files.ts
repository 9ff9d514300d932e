import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, writeFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { OperatorError } from '../../errors/operator-error.js';
import { turns } from '../../runtime/turns.js';
import { CHAIN_START, tornPart, type AuditChain, type ChainPosition } from './audit-chain.js';

const FILE_NAME = /^audit-(\d{6})\.jsonl$/;

/** The longest end of a file that is read for its last line. A line has at most some hundred kilobytes. */
const TAIL_BYTES = 4_194_304;

/** The files of a log in their order. */
export async function listAuditFiles(folder: string): Promise<{ readonly number: number; readonly path: string }[]> {
  const names = await readdir(folder).catch((cause: unknown) => {
    throw new OperatorError(`The folder of the audit log ${folder} cannot be read.`, [], { cause });
  });
  return names
    .flatMap((name) => {
      const found = FILE_NAME.exec(name);
      return found ? [{ number: Number(found[1]), path: join(folder, name) }] : [];
    })
    .toSorted((one, other) => one.number - other.number);
}

/** The key of a log: 32 bytes in hexadecimal digits. Makes one if the file does not exist and `create` is set. `log` names the log in errors. */
export async function readAuditKey(path: string, create = false, log = 'audit log'): Promise<Buffer> {
  if (create) {
    // `wx`: of two processes that start at once, one makes the key.
    await writeFile(path, `${randomBytes(32).toString('hex')}\n`, { flag: 'wx', mode: 0o600 }).catch(
      (error: unknown) => {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      },
    );
  }
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new OperatorError(`The key of the ${log} ${path} cannot be read.`, [], { cause });
  });
  if (!/^[\da-f]{64}\s*$/i.test(text)) {
    throw new OperatorError(`The key of the ${log} ${path} is not 64 hexadecimal digits.`);
  }
  return Buffer.from(text.trim(), 'hex');
}

/** Lines between two looks at the clock. */
const LINES_PER_CHECK = 16;

interface NewestFile {
  readonly number: number;
  readonly handle: FileHandle;
  size: number;
}

/** Appends lines to the newest file of a log, and begins another one when it is full. */
export class AuditFiles {
  private constructor(
    private readonly folder: string,
    private readonly maxFileBytes: number,
    private readonly chain: AuditChain,
    private newest: NewestFile,
    private position: ChainPosition,
  ) {}

  /** Continues a log where it ended, also in the middle of a line. */
  static async open(folder: string, maxFileBytes: number, chain: AuditChain): Promise<AuditFiles> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const files = await listAuditFiles(folder);
    const newest = files.at(-1)?.number ?? 1;
    const handle = await openFile(folder, newest);
    const { size } = await handle.stat();
    const { position, torn, isWhole } = await readEnd(handle, size, chain);
    const opened = new AuditFiles(folder, maxFileBytes, chain, { number: newest, handle, size }, position);
    // The newest file can have no whole line yet: its chain began in one before it.
    for (const { path } of files.slice(0, -1).toReversed()) {
      if (opened.position !== CHAIN_START) break;
      opened.position = await lastPosition(path, chain);
    }
    if (torn !== null) {
      // The torn text stays where it is, because the log is only appended to. The next line tells of it.
      await opened.#write('\n');
      await opened.append([JSON.stringify({ kind: 'RESUMED', torn: tornPart(torn) })]);
    } else if (!isWhole) {
      await opened.#write('\n');
    }
    return opened;
  }

  get end(): ChainPosition {
    return this.position;
  }

  /**
   * Chains lines, each the JSON text of an object. Resolves when they are on the disk. After a rejection nothing of them
   * is in the log.
   */
  async append(contents: readonly string[]): Promise<void> {
    if (this.newest.size >= this.maxFileBytes) await this.#rotate();
    let position = this.position;
    let text = '';
    for (const [index, content] of contents.entries()) {
      const next = this.chain.append(position, content);
      text += next.line;
      position = next.position;
      const turn = index % LINES_PER_CHECK === 0 ? turns.take() : undefined;
      if (turn) await turn;
    }
    await this.#write(text);
    this.position = position;
  }

  async close(): Promise<void> {
    await this.newest.handle.close();
  }

  async #write(text: string): Promise<void> {
    const bytes = Buffer.from(text);
    const { handle, size } = this.newest;
    try {
      await handle.appendFile(bytes);
      await handle.datasync();
    } catch (error) {
      // A full disk takes a part of the lines. They are written again as a whole.
      await handle.truncate(size).catch(() => undefined);
      throw error;
    }
    this.newest.size += bytes.length;
  }

  async #rotate(): Promise<void> {
    const number = this.newest.number + 1;
    const handle = await openFile(this.folder, number);
    await this.newest.handle.close();
    this.newest = { number, handle, size: 0 };
  }
}

async function openFile(folder: string, number: number): Promise<FileHandle> {
  return open(join(folder, `audit-${String(number).padStart(6, '0')}.jsonl`), 'a+', 0o600);
}

interface End {
  readonly position: ChainPosition;
  /** The text after the last whole line; null if there is none. */
  readonly torn: string | null;
  /** Whether the last line has its line end. */
  readonly isWhole: boolean;
}

async function readEnd(handle: FileHandle, size: number, chain: AuditChain): Promise<End> {
  const start = Math.max(0, size - TAIL_BYTES);
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(size - start), 0, size - start, start);
  const lines = buffer.toString('utf8', 0, bytesRead).split('\n');
  const rest = lines.pop()!;
  const open = rest === '' ? undefined : chain.read(rest);
  if (open) return { position: open, torn: null, isWhole: false };
  // Lines that were damaged stay: `audit verify` finds them. The chain goes on from the last one that is right.
  const last = lines.toReversed().flatMap((line) => chain.read(line) ?? [])[0];
  return { position: last ?? CHAIN_START, torn: rest === '' ? null : rest, isWhole: true };
}

async function lastPosition(path: string, chain: AuditChain): Promise<ChainPosition> {
  const handle = await open(path, 'r');
  try {
    return (await readEnd(handle, (await handle.stat()).size, chain)).position;
  } finally {
    await handle.close();
  }
}
