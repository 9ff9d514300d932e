import { join } from 'node:path';
import { expect, it } from 'vitest';
import { DataFiles } from '../../../../datasources/files/data-files.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

it('has one reader of files for all that ask at once: a second one would empty the work folder of the first', async () => {
  const files = await DataFiles.open(join(temporaryFolder(), 'files'));
  const [first, second] = await Promise.all([files.reader(), files.reader()]);
  expect(second).toBe(first);
  await using folder = await first.createFolder();
  expect(folder.path).toContain('files-reading');
});
