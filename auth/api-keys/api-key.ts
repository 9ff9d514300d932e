import { hash, randomBytes, timingSafeEqual } from 'node:crypto';

/**
 * An API key: `fgk_<id>_<secret>`. The prefix lets scanners find keys in code; the id finds the record; the secret has 256
 * random bits.
 *
 * The file has the SHA-256 of a key. A slow hash with salt (bcrypt, Argon2) protects passwords, which people choose and
 * attackers guess. No attacker guesses 256 random bits, and a slow hash would cost each request some 100 ms.
 */
const FORM = /^fgk_([0-9a-f]{12})_[\w-]{43}$/;

export interface NewApiKey {
  readonly id: string;
  /** To show once, and to store nowhere. */
  readonly key: string;
  readonly sha256: string;
}

export function newApiKey(): NewApiKey {
  const id = randomBytes(6).toString('hex');
  const key = `fgk_${id}_${randomBytes(32).toString('base64url')}`;
  return { id, key, sha256: hash('sha256', key, 'hex') };
}

/** Whether a token is meant as an API key, right or wrong. */
export function isApiKey(token: string): boolean {
  return token.startsWith('fgk_');
}

/** The id of a key; undefined for a text that is no key. */
export function apiKeyId(key: string): string | undefined {
  return FORM.exec(key)?.[1];
}

/** All keys have this length, and only characters of ASCII. */
const KEY_LENGTH = 60;

const asked = Buffer.alloc(KEY_LENGTH);

/** The bytes of a key that was found to be right, for `isSameKey`. */
export function keyBytes(key: string): Buffer {
  return Buffer.from(key, 'latin1');
}

/** Whether a text of the form of a key is a key that was right before. In constant time, as `hasHash`, and without a hash. */
export function isSameKey(key: string, right: Buffer): boolean {
  if (key.length !== right.length || right.length !== KEY_LENGTH) return false;
  asked.write(key, 'latin1');
  return timingSafeEqual(asked, right);
}

/** In constant time: the time of a comparison that stops early would say how much of a hash is right. */
export function hasHash(key: string, expected: Buffer): boolean {
  const actual = hash('sha256', key, 'buffer');
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}
