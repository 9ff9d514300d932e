import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rm, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { isUnfinished, replaceFile } from './replace-file.js';
import { syncFile } from './sync-file.js';
import { turns } from './turns.js';

/** Times are in microseconds since 1970. */
export interface SegmentOptions {
  /** The files are named after it: `<name>-<time of the first line>-<a number that makes it unique>.jsonl`. */
  readonly name: string;
  /** Whether lines are on disk when `append` returns. */
  readonly isSynced: boolean;
  /** How much later a line can come than another one of the same time. */
  readonly lateness: bigint;
  /** Of all files. */
  readonly maxBytes: number;
  /** Of one file. */
  readonly segmentBytes: number;
  /** In microseconds. */
  readonly retention: bigint;
  /** The time that the lines of one file span, at most. */
  readonly segmentAge: bigint;
}

interface Segment {
  readonly path: string;
  readonly start: bigint;
  bytes: number;
}

/**
 * The files of a log, each with the lines of some time: what is too old or too much is removed by whole files. All calls
 * must come one after another.
 */
export class LineSegments {
  #segments: Segment[] = [];
  #handle: FileHandle | null = null;
  #made = 0;

  private constructor(
    private readonly folder: string,
    private readonly options: SegmentOptions,
    private readonly clock: () => bigint,
  ) {}

  static async open(folder: string, options: SegmentOptions, clock: () => bigint): Promise<LineSegments> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const opened = new LineSegments(folder, options, clock);
    const fileName = new RegExp(`^${options.name}-(\\d{17})-(\\d{6})\\.jsonl$`);
    for (const name of (await readdir(folder)).toSorted()) {
      const path = join(folder, name);
      const found = fileName.exec(name);
      if (found) {
        opened.#segments.push({ path, start: BigInt(found[1]!), bytes: (await stat(path)).size });
        opened.#made = Math.max(opened.#made, Number(found[2]));
      } else if (isUnfinished(name)) await rm(path, { force: true });
    }
    return opened;
  }

  get bytes(): number {
    return this.#segments.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Appends whole lines, each with its line end, of which the earliest has this time. After a rejection, none of them is there. */
  async append(text: string, earliest: bigint): Promise<void> {
    const bytes = Buffer.from(text);
    await this.sweep(bytes.length);
    const current = this.#segments.at(-1);
    const handle = this.#handle && current && !this.#isFull(current) ? this.#handle : await this.#begin(earliest);
    const segment = this.#segments.at(-1)!;
    try {
      await handle.appendFile(bytes);
      if (this.options.isSynced) await handle.datasync();
    } catch (error) {
      // A full disk takes a part of the lines. If it cannot be removed, the next lines must not follow it in this file.
      await handle.truncate(segment.bytes).catch(() => this.#end().catch(() => undefined));
      throw error;
    }
    segment.bytes += bytes.length;
  }

  /** Removes the files that are too old, and the oldest ones while there would be too many bytes. */
  async sweep(more = 0): Promise<void> {
    const earliest = this.clock() - this.options.retention;
    for (;;) {
      const [oldest] = this.#segments;
      // A file that begins too early goes as a whole, so that nothing is kept longer than the retention.
      if (!oldest || (oldest.start >= earliest && this.bytes + more <= this.options.maxBytes)) return;
      await this.removeOldest();
    }
  }

  /** Removes the oldest file with its lines. */
  async removeOldest(): Promise<void> {
    const [oldest] = this.#segments;
    if (!oldest) return;
    if (this.#segments.length === 1) await this.#end();
    await rm(oldest.path, { force: true });
    this.#segments.shift();
  }

  /** The lines of the files that can have lines of a period, the oldest first. A file that was removed meanwhile is left out. */
  async *lines(from: bigint, before: bigint): AsyncGenerator<string> {
    for (const { path, start } of [...this.#segments]) {
      const { segmentAge, lateness } = this.options;
      if (start - lateness >= before || start + segmentAge + lateness < from) continue;
      yield* linesOf(path);
    }
  }

  /** Writes each file again whose lines `change` changes; null removes a line. Each file is replaced in one step. */
  async rewrite(change: (line: string) => string | null): Promise<void> {
    await this.#end();
    for (const segment of [...this.#segments]) {
      let isChanged = false;
      const kept: string[] = [];
      for await (const line of linesOf(segment.path)) {
        const next = change(line);
        isChanged ||= next !== line;
        if (next !== null) kept.push(`${next}\n`);
      }
      if (isChanged) await this.#replace(segment, kept.join(''));
    }
  }

  async close(): Promise<void> {
    await this.#end();
  }

  #isFull({ start, bytes }: Segment): boolean {
    return bytes >= this.options.segmentBytes || this.clock() - start >= this.options.segmentAge;
  }

  async #begin(start: bigint): Promise<FileHandle> {
    await this.#end();
    this.#made += 1;
    const time = String(start).padStart(17, '0');
    const number = String(this.#made % 1_000_000).padStart(6, '0');
    const path = join(this.folder, `${this.options.name}-${time}-${number}.jsonl`);
    this.#handle = await open(path, 'a', 0o600);
    if (this.options.isSynced) await syncFile(this.folder);
    this.#segments.push({ path, start, bytes: 0 });
    return this.#handle;
  }

  async #end(): Promise<void> {
    const handle = this.#handle;
    this.#handle = null;
    await handle?.close();
  }

  async #replace(segment: Segment, text: string): Promise<void> {
    if (text === '') {
      await rm(segment.path, { force: true });
      // An erasure that was acknowledged holds also after a power failure, as one that replaces a file does.
      await syncFile(this.folder);
      this.#segments = this.#segments.filter((one) => one !== segment);
      return;
    }
    await replaceFile(segment.path, text);
    segment.bytes = Buffer.byteLength(text);
  }
}

/** Only a line feed ends a line: readline would also split a value at U+2028, which JSON need not escape. */
async function* linesOf(path: string): AsyncGenerator<string> {
  let rest = '';
  try {
    for await (const chunk of createReadStream(path, 'utf8')) {
      const lines = (rest + (chunk as string)).split('\n');
      rest = lines.pop()!;
      for (const line of lines) {
        const turn = turns.take();
        if (turn) await turn;
        yield line;
      }
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  if (rest !== '') yield rest;
}
