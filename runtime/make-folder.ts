import { mkdirSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { OperatorError } from '../errors/operator-error.js';

/** Makes a folder of the gateway, and those above it. Says what an operator must do if that is not possible. */
export async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true }).catch((cause: unknown) => {
    throw toOperatorError(path, cause);
  });
}

export function makeFolderSync(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (cause) {
    throw toOperatorError(path, cause);
  }
}

function toOperatorError(path: string, cause: unknown): OperatorError {
  const { code } = cause as NodeJS.ErrnoException;
  const fault =
    code === 'EEXIST' || code === 'ENOTDIR'
      ? 'a file is in its place. Move the file away, or set FEATUREGRAPH_DATA_DIR to another folder'
      : `it cannot be made: ${code ?? String(cause)}. Set FEATUREGRAPH_DATA_DIR to a folder that this user may write`;
  return new OperatorError(`The folder ${path} is missing:`, [fault], { cause });
}
