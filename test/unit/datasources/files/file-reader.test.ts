import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { FileReader, type FileReaderLimits } from '../../../../datasources/files/file-reader.js';
import { readTextFiles } from '../../../../datasources/files/read-text-files.js';
import { selectFiles, type SelectedFile } from '../../../../datasources/files/select-files.js';

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'featuregraph-reader-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function openReader(limits: Partial<FileReaderLimits> = {}): Promise<FileReader> {
  const reader = await FileReader.open(mkdtempSync(join(folder, 'reading-')), limits);
  onTestFinished(() => reader[Symbol.asyncDispose]());
  return reader;
}

function file(name: string, content: string | Uint8Array): SelectedFile {
  const path = join(folder, name);
  writeFileSync(path, content);
  return { path, name, partitions: new Map() };
}

async function readCsv(reader: FileReader, selected: SelectedFile, signal?: AbortSignal): Promise<number> {
  return reader.use({ files: [selected], signal }, async (worker, into) => {
    const options = {
      declared: new Map<string, string>(),
      others: 'EXACT',
      folder: into,
      keepsBadRows: false,
    } as const;
    return (await readTextFiles(worker, { files: [selected], format: 'CSV', options: {} }, options)).rows;
  });
}

const LARGE = `a,b\n${'1,some text\n'.repeat(2_000_000)}`;

describe('a process that reads a file', () => {
  it('that ends takes nothing with it: what waits fails in one sentence, the next read works', async () => {
    const reader = await openReader();
    const one = file('one.csv', 'a\n1\n');
    const deep = file('deep.jsonl', `{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}`);
    const crash = reader.use({ files: [deep] }, (worker) =>
      // What ended the gateway once: the engine calls itself once a level.
      worker.query(`SELECT count(*) FROM read_json('${deep.path}')`),
    );
    await expect(crash).rejects.toThrow('"deep.jsonl": the process that reads it ended');
    expect(await readCsv(reader, one)).toBe(1);
  });

  it('is ended when it takes too long', async () => {
    const reader = await openReader({ baseReadMs: 100, minBytesPerSecond: 1e12 });
    await expect(readCsv(reader, file('slow.csv', LARGE))).rejects.toThrow(
      '"slow.csv": reading it took longer than 0 seconds',
    );
  });

  it('is ended when it takes too much memory', async () => {
    const reader = await openReader({ workerMemoryBytes: 90 * 1024 * 1024 });
    await expect(readCsv(reader, file('fat.csv', LARGE))).rejects.toThrow(
      '"fat.csv": reading it took more than 90 MiB of memory',
    );
  });

  it('is ended when no caller waits for it any more', async () => {
    const reader = await openReader();
    const stop = new AbortController();
    const reading = readCsv(reader, file('stopped.csv', LARGE), stop.signal);
    setTimeout(() => stop.abort(new Error('stopped')), 100);
    await expect(reading).rejects.toThrow('stopped');
    await expect(readCsv(reader, file('stopped.csv', LARGE), AbortSignal.abort(new Error('before')))).rejects.toThrow(
      'before',
    );
  });

  it('reads the files of its request, writes into its folder, and does nothing else', async () => {
    const reader = await openReader();
    const one = file('mine.csv', 'a\n1\n');
    const other = file('other.csv', 'a\n1\n');
    await reader.use({ files: [one] }, async (worker, into) => {
      expect(await worker.query(`SELECT * FROM read_csv('${one.path}')`)).toEqual([{ a: '1' }]);
      for (const sql of [
        `SELECT * FROM read_csv('${other.path}')`,
        `COPY (SELECT 1) TO '${join(folder, 'out.csv')}'`,
        `SET enable_external_access = true`,
        `SET memory_limit = '100GB'`,
        `INSTALL httpfs`,
      ]) {
        await expect(worker.query(sql), sql).rejects.toThrow();
      }
      await worker.query(`COPY (SELECT 1) TO '${join(into, 'out.csv')}'`);
      expect(await worker.query(`SELECT getenv('PATH') AS path`).catch(() => [{ path: '' }])).toEqual([{ path: '' }]);
    });
    // And the next request has another one.
    await reader.use({ files: [other] }, async (worker) => {
      await expect(worker.query(`SELECT * FROM read_csv('${one.path}')`)).rejects.toThrow();
    });
  });

  it('leaves no files', async () => {
    const at = mkdtempSync(join(folder, 'reading-'));
    const reader = await FileReader.open(at);
    await readCsv(reader, file('left.csv', 'a\n1\n'));
    expect(readdirSync(at)).toEqual([]);
    await reader[Symbol.asyncDispose]();
    expect(existsSync(at)).toBe(false);
  });

  it('is one of a few: others wait, and more than that are refused', async () => {
    const reader = await openReader({ maxWorkers: 1, maxWaitingReads: 1 });
    const one = file('queue.csv', 'a\n1\n');
    const reads = await Promise.allSettled([1, 2, 3].map(() => readCsv(reader, one)));
    expect(reads.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect(reads[2]).toMatchObject({ reason: { code: 'STORE_UNAVAILABLE' } });
  });

  it('does not expand a bomb', async () => {
    const reader = await openReader();
    const bomb = file('bomb.csv.gz', gzipSync(`a\n${'1\n'.repeat(40_000_000)}`));
    await expect(readCsv(reader, bomb)).rejects.toThrow('"bomb.csv.gz": it expands to more than 250 times its size');
  });
});

describe('what is no regular file', () => {
  it('is refused and not waited for', async () => {
    const base = mkdtempSync(join(folder, 'special-'));
    execFileSync('mkfifo', [join(base, 'pipe.csv')]);
    mkdirSync(join(base, 'sub'));
    writeFileSync(join(base, 'sub/one.csv'), 'a\n1\n');
    symlinkSync('/etc', join(base, 'sub/etc'));
    symlinkSync(join(base, 'sub'), join(base, 'sub/self'));
    const outside = file('outside.csv', 'secret\n');
    const select = (name: string) => selectFiles(join(base, name), name, { format: 'CSV', within: base });
    await expect(select('pipe.csv')).rejects.toThrow('"pipe.csv": it is not a regular file.');
    expect((await select('sub'))!.map(({ name }) => name)).toEqual(['sub/one.csv']);
    expect((await select('**/*.csv'))!.map(({ name }) => name)).toEqual(['sub/one.csv']);
    symlinkSync(outside.path, join(base, 'sub/two.csv'));
    await expect(select('sub')).rejects.toThrow('"sub/two.csv": it leads out of the folder for files');
    expect(await select('none.csv')).toBeUndefined();
    expect(await select('none*.csv')).toBeUndefined();
    // Also where it took the place of a file after that was looked at.
    const reader = await openReader();
    const pipe = { path: join(base, 'pipe.csv'), name: 'pipe.csv', partitions: new Map() };
    await expect(readCsv(reader, pipe)).rejects.toThrow('"pipe.csv": it is not a regular file.');
  });
});
