import { OperatorError } from '../../errors/operator-error.js';
import { AUTH_LIMITS } from '../../limits/auth-limits.js';
import { formatInstant, type Instant } from '../../values/instant.js';
import { newApiKey } from './api-key.js';
import { changeKeyFile, KEY_NAME, type ApiKeyRecord } from './key-file.js';

export interface KeyRequest {
  readonly name: string;
  readonly groups: readonly string[];
  readonly claims: Readonly<Record<string, string>>;
  /** null: never. */
  readonly expiresAt: Instant | null;
  /** Whether this is a further key of a name that has one, with its groups and claims. */
  readonly isRotation: boolean;
  readonly now: Instant;
}

export interface CreatedKey {
  readonly id: string;
  /** It cannot be read again. */
  readonly key: string;
}

/** Makes a key, and returns when the file has its hash. */
export async function createKey(path: string, request: KeyRequest): Promise<CreatedKey> {
  const { name, expiresAt, now, isRotation } = request;
  if (!KEY_NAME.test(name)) {
    throw new OperatorError(`"${name}" is not a valid name of a key.`, [
      'Use up to 100 letters, digits, dots, hyphens and underscores; begin with a letter or a digit.',
    ]);
  }
  if (expiresAt !== null && expiresAt <= now) throw new OperatorError('The key would have expired already.');
  const { id, key, sha256 } = newApiKey();
  await changeKeyFile(path, (keys, stored) => {
    if (keys.length >= AUTH_LIMITS.maxApiKeys) {
      throw new OperatorError(`The file has ${keys.length} keys, and at most ${AUTH_LIMITS.maxApiKeys}.`);
    }
    const { groups, claims } = rightsOf(keys, request, isRotation);
    const record = {
      id,
      name,
      sha256,
      groups: [...new Set(groups)].sort(),
      claims: { ...claims },
      createdAt: formatInstant(now),
      expiresAt: expiresAt === null ? null : formatInstant(expiresAt),
      revokedAt: null,
    };
    return [...stored, record];
  });
  return { id, key };
}

/** Revokes a key by its id, or all keys of a name. Returns the ids that were valid before. */
export async function revokeKeys(path: string, idOrName: string, now: Instant): Promise<readonly string[]> {
  const revoked: string[] = [];
  await changeKeyFile(path, (keys, stored) => {
    const meant = keys.filter(({ id, name }) => id === idOrName || name === idOrName);
    if (meant.length === 0) throw new OperatorError(`There is no key "${idOrName}". "keys list" shows all.`);
    for (const { id, revokedAt } of meant) if (revokedAt === null) revoked.push(id);
    return stored.map((record) =>
      revoked.includes(record.id) ? { ...record, revokedAt: formatInstant(now) } : record,
    );
  });
  return revoked;
}

export type KeyState = 'valid' | 'expired' | 'revoked';

export function stateOf({ revokedAt, expiresAt }: ApiKeyRecord, now: Instant): KeyState {
  if (revokedAt !== null) return 'revoked';
  return expiresAt !== null && expiresAt <= now ? 'expired' : 'valid';
}

/** Two keys of one name are one principal, so they have the same rights. */
function rightsOf(
  keys: readonly ApiKeyRecord[],
  { name, groups, claims, now }: KeyRequest,
  isRotation: boolean,
): Pick<ApiKeyRecord, 'groups' | 'claims'> {
  const current = keys.findLast((key) => key.name === name && stateOf(key, now) === 'valid');
  if (!isRotation && current) {
    throw new OperatorError(`There is a valid key "${name}" (${current.id}).`, [
      'Say --rotate to make a further one with the same rights, and revoke the old one by its id when no client uses it.',
    ]);
  }
  if (!isRotation) return { groups: [...groups], claims: { ...claims } };
  if (!current) throw new OperatorError(`There is no valid key "${name}" to rotate. Make one without --rotate.`);
  if (groups.length > 0 || Object.keys(claims).length > 0) {
    throw new OperatorError('--rotate copies the groups and claims of the existing key. Remove --group and --claim.');
  }
  return current;
}
