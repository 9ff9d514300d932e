import { open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, it, onTestFinished, vi } from 'vitest';
import { LineSegments } from '../../../runtime/line-segments.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const OPTIONS = {
  name: 'log',
  isSynced: true,
  lateness: 0n,
  maxBytes: 1_000,
  segmentBytes: 1_000,
  retention: 1_000n,
  segmentAge: 1_000n,
};

afterEach(() => vi.restoreAllMocks());

/** The class of open files, whose methods fail as those of a disk do. */
async function fileHandles(): Promise<
  Record<'appendFile' | 'datasync' | 'truncate', (...given: any[]) => Promise<void>>
> {
  const handle = await open(import.meta.filename);
  await handle.close();
  return Object.getPrototypeOf(handle);
}

it('keeps lines whole after a disk took a part of a line and could not remove it', async () => {
  const folder = temporaryFolder();
  const log = await LineSegments.open(folder, OPTIONS, () => 0n);
  onTestFinished(() => log.close());
  await log.append('first\n', 0n);
  const handles = await fileHandles();
  const { appendFile } = handles;
  vi.spyOn(handles, 'appendFile').mockImplementationOnce(async function (this: unknown) {
    await appendFile.call(this, 'a par');
    throw new Error('ENOSPC');
  });
  vi.spyOn(handles, 'truncate').mockRejectedValueOnce(new Error('EIO'));
  await expect(log.append('a part\n', 0n)).rejects.toThrow('ENOSPC');
  await log.append('next\n', 0n);
  const lines: string[] = [];
  for await (const line of log.lines(0n, 1n)) lines.push(line);
  expect(lines).toEqual(['first', 'a par', 'next']);
});

it('has nothing of lines that a full disk did not take as a whole', async () => {
  const folder = temporaryFolder();
  const log = await LineSegments.open(folder, OPTIONS, () => 0n);
  onTestFinished(() => log.close());
  const handles = await fileHandles();
  vi.spyOn(handles, 'datasync').mockRejectedValueOnce(new Error('ENOSPC'));
  await expect(log.append('lost\n', 0n)).rejects.toThrow('ENOSPC');
  await log.append('next\n', 0n);
  const [name] = await readdir(folder);
  expect(await readFile(join(folder, name!), 'utf8')).toBe('next\n');
});
