import { access, constants, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Finding } from '../../diagnosis.js';

/** Checks that the folder of the embedded stores can be written or created. */
export async function* diagnoseDataFolder(folder: string): AsyncGenerator<Finding> {
  const path = resolve(folder);
  const nearest = await findNearestExisting(path);
  const isWritable = await access(nearest, constants.W_OK).then(
    async () => (await stat(nearest)).isDirectory(),
    () => false,
  );
  if (!isWritable) {
    yield {
      status: 'fault',
      message: `the data folder ${path} cannot be written`,
      remedy: `Give the user of this process the right to write ${nearest}, or set FEATUREGRAPH_DATA_DIR to another folder.`,
    };
    return;
  }
  yield {
    status: 'ok',
    message: nearest === path ? `the data folder ${path} can be written` : `the data folder ${path} can be made`,
  };
}

async function findNearestExisting(path: string): Promise<string> {
  const isThere = await access(path).then(
    () => true,
    () => false,
  );
  return isThere || path === dirname(path) ? path : findNearestExisting(dirname(path));
}
