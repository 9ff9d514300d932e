import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DataFiles } from '../../datasources/files/data-files.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** A folder for files with a label file in it, and a secret beside it that links inside of it lead to. */
async function openFiles() {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'files/labels'), { recursive: true });
  mkdirSync(join(folder, 'files-secret'));
  writeFileSync(join(folder, 'files/labels/june.csv'), 'a');
  writeFileSync(join(folder, 'files-secret/key.csv'), 'secret');
  symlinkSync(join(folder, 'files-secret'), join(folder, 'files/link'));
  symlinkSync(join(folder, 'files-secret/key.csv'), join(folder, 'files/key.csv'));
  return { folder, files: await DataFiles.open(join(folder, 'files')) };
}

const OUTSIDE = [
  '../files-secret/key.csv',
  'labels/../../files-secret/key.csv',
  '/etc/passwd',
  'link/key.csv',
  'labels/june.csv\0.parquet',
  'labels/\ud800.csv',
  '',
  '..',
];

describe('a name that leads out of the folder for files', () => {
  it.each([...OUTSIDE, 'key.csv'])('is not read: %j', async (name) => {
    const { files, folder } = await openFiles();
    const fault = await files.select(name, 'CSV', 'labels.file').catch((error: unknown) => error);
    expect(fault).toMatchObject({ code: 'BAD_USER_INPUT', details: { field: 'labels.file' } });
    expect(String(fault)).not.toContain(folder);
  });

  it.each([...OUTSIDE, 'link/new/made.csv', '.', 'labels/..'])('is not written to: %j', async (name) => {
    const { files, folder } = await openFiles();
    await expect(files.writable(name, 'output.location')).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    expect(readdirSync(join(folder, 'files-secret'))).toEqual(['key.csv']);
  });

  it('is a name like any other when it only looks so', async () => {
    const { files } = await openFiles();
    const { files: selected } = await files.select('labels/../labels/june.csv', 'CSV', 'f');
    expect(selected[0]!.path).toMatch(/labels\/june\.csv$/);
    expect(await files.writable('..labels/new.csv', 'f')).toMatch(/\.\.labels\/new\.csv$/);
  });
});

describe('a pattern that is made to take long', () => {
  // Each took minutes or all memory while the gateway answered no client.
  it.each([`*${'{a,b}'.repeat(60)}`, `${'*a'.repeat(60)}*b`, `*${'+(a|aa)'.repeat(30)}b`, `${'**/'.repeat(200)}*b`])(
    'is compared with a name in a moment: %j',
    async (pattern) => {
      const { folder, files } = await openFiles();
      writeFileSync(join(folder, `files/${'a'.repeat(200)}.csv`), 'a');
      await expect(files.select(pattern, 'CSV', 'labels.file')).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
    },
  );

  it('is refused when it is longer than a path', async () => {
    const { files } = await openFiles();
    await expect(files.select('*'.repeat(1_001), 'CSV', 'labels.file')).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      message: 'A path has at most 1000 characters.',
      details: { field: 'labels.file' },
    });
  });
});
