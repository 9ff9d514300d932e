import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { OperatorError } from '../../errors/operator-error.js';
import { AUTH_LIMITS } from '../../limits/auth-limits.js';
import { replaceFile } from '../../runtime/replace-file.js';
import { parseInstant } from '../../values/instant.js';

const instant = z.string().transform((text, context) => {
  try {
    return parseInstant(text);
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message });
    return z.NEVER;
  }
});

/** Names are short and plain: they are in job records, budgets and policies. */
export const KEY_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

const record = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{12}$/),
  name: z.string().regex(KEY_NAME),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  groups: z.array(z.string().min(1).max(AUTH_LIMITS.maxNameLength)).max(AUTH_LIMITS.maxGroups),
  claims: z.record(z.string(), z.string().max(AUTH_LIMITS.maxClaimLength)),
  createdAt: instant,
  expiresAt: instant.nullable(),
  revokedAt: instant.nullable(),
});

const document = z.strictObject({
  version: z.literal(1),
  keys: z.array(record).max(AUTH_LIMITS.maxApiKeys),
});

export type ApiKeyRecord = Readonly<z.output<typeof record>>;

/** The records as the file has them: instants are text. */
export type StoredApiKey = z.input<typeof record>;

/** The keys of a file; none if it does not exist. Throws an OperatorError for a file that is not one of keys. */
export async function readKeyFile(path: string): Promise<readonly ApiKeyRecord[]> {
  return document.parseAsync(await readStored(path)).then(
    ({ keys }) => keys,
    (cause: unknown) => {
      throw notKeys(path, cause);
    },
  );
}

/**
 * Changes the file, and returns when it is on disk. One process at a time: two commands at once would lose a key. A gateway
 * that reads meanwhile sees the file before or after the change.
 */
export async function changeKeyFile(
  path: string,
  change: (keys: readonly ApiKeyRecord[], stored: readonly StoredApiKey[]) => readonly StoredApiKey[],
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const unlock = await lock(`${path}.lock`);
  try {
    const keys = await readKeyFile(path);
    const { keys: stored } = (await readStored(path)) as { keys: StoredApiKey[] };
    const next = { version: 1, keys: change(keys, stored) };
    document.parse(next);
    await replaceFile(path, `${JSON.stringify(next, null, 2)}\n`);
  } finally {
    await unlock();
  }
}

async function readStored(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new OperatorError(`The file of API keys ${path} cannot be read.`, [], { cause: error });
  });
  if (text === undefined) return { version: 1, keys: [] };
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw notKeys(path, cause);
  }
}

function notKeys(path: string, cause: unknown): OperatorError {
  return new OperatorError(
    `The file ${path} is not a file of API keys, or it is damaged.`,
    ['Restore it from a backup, or delete it and make new keys with "featuregraph keys create".'],
    { cause },
  );
}

const LOCK_ATTEMPTS = 50;
const LOCK_PAUSE_MS = 100;

async function lock(path: string): Promise<() => Promise<void>> {
  for (let attempt = 0; attempt < LOCK_ATTEMPTS; attempt += 1) {
    try {
      await (await open(path, 'wx')).close();
      return () => rm(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      await pause(LOCK_PAUSE_MS);
    }
  }
  throw new OperatorError('Another command changes the API keys.', [
    `If none runs, one was killed: delete ${path} and try again.`,
  ]);
}
