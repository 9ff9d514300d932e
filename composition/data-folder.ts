import { constants } from 'node:fs';
import { access, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OperatorError } from '../errors/operator-error.js';
import { makeFolder } from '../runtime/make-folder.js';

/**
 * The format of the data folder. Raise it when an earlier featuregraph could no longer read the folder, and convert
 * folders of the earlier format here.
 */
export const DATA_FOLDER_FORMAT = 1;

const FORMAT_FILE = 'format.json';

/**
 * Makes the data folder, or checks that this process can use it: that it may write it, and that no other version of
 * featuregraph left it in a format that this one does not know. A folder without its format is of the first one.
 */
export async function openDataFolder(folder: string): Promise<void> {
  await makeFolder(folder);
  await access(folder, constants.R_OK | constants.W_OK | constants.X_OK).catch((cause: unknown) => {
    const { code } = cause as NodeJS.ErrnoException;
    const fault = code === 'EROFS' ? 'its file system is read-only' : `this user may not write it (${code})`;
    throw unusable(folder, `${fault}. Set FEATUREGRAPH_DATA_DIR to a folder that this user may write`, cause);
  });
  const path = join(folder, FORMAT_FILE);
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw unusable(folder, `${FORMAT_FILE} cannot be read: ${(error as NodeJS.ErrnoException).code}`, error);
  });
  if (text === null) {
    await writeFile(path, `${JSON.stringify({ format: DATA_FOLDER_FORMAT })}\n`).catch((cause: unknown) => {
      throw unusable(folder, `${FORMAT_FILE} cannot be written: ${(cause as NodeJS.ErrnoException).code}`, cause);
    });
    return;
  }
  const format = parseFormat(text);
  if (format === DATA_FOLDER_FORMAT) return;
  if (format === undefined) {
    throw unusable(folder, `${FORMAT_FILE} is damaged. Restore the folder from a backup (docs/operations.md)`);
  }
  throw unusable(
    folder,
    `it has format ${format}, and this featuregraph reads format ${DATA_FOLDER_FORMAT}. ` +
      `Use ${format > DATA_FOLDER_FORMAT ? 'a newer' : 'an earlier'} featuregraph, or set FEATUREGRAPH_DATA_DIR to another folder`,
  );
}

function parseFormat(text: string): number | undefined {
  try {
    const { format } = JSON.parse(text) as { format?: unknown };
    return typeof format === 'number' && Number.isInteger(format) ? format : undefined;
  } catch {
    return undefined;
  }
}

function unusable(folder: string, fault: string, cause?: unknown): OperatorError {
  return new OperatorError(`The data folder ${folder} cannot be used:`, [fault], { cause });
}
