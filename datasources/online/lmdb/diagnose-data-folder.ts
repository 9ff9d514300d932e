import { access, constants, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Finding } from '../../diagnosis.js';

/** Can the folder of the embedded stores be written, or made? */
export async function* diagnoseDataFolder(folder: string): AsyncGenerator<Finding> {
  const path = resolve(folder);
  const nearest = await nearestThere(path);
  const isWritable = await access(nearest, constants.W_OK).then(
    async () => (await stat(nearest)).isDirectory(),
    () => false,
  );
  if (!isWritable) {
    yield {
      status: 'fault',
      what: `the data folder ${path} cannot be written`,
      todo: `Give the user of this process the right to write ${nearest}, or set FEATUREGRAPH_DATA_DIR to another folder.`,
    };
    return;
  }
  yield {
    status: 'ok',
    what: nearest === path ? `the data folder ${path} can be written` : `the data folder ${path} can be made`,
  };
}

async function nearestThere(path: string): Promise<string> {
  const isThere = await access(path).then(
    () => true,
    () => false,
  );
  return isThere || path === dirname(path) ? path : nearestThere(dirname(path));
}
