import { createHash } from 'node:crypto';
import { TRUSTED_DOCUMENT_LIMITS } from '../../limits/trusted-document-limits.js';

/** The ids of GraphQL over HTTP: unreserved characters, or a prefix with a colon. */
const CUSTOM = /^[A-Za-z0-9._~-]+$/;
const PREFIXED = /^x-[A-Za-z0-9._~-]+:[A-Za-z0-9._~-]+$/;
const SHA256 = /^sha256:[0-9a-f]{64}$/;

/** The id that every document has by the specification: the hash of its text. */
export function sha256Id(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

/** Why an id of a manifest cannot be the id of this text. */
export function findIdFault(id: string, text: string): string | undefined {
  const { maxIdLength } = TRUSTED_DOCUMENT_LIMITS;
  if (id.length > maxIdLength) return `the id has ${id.length} characters; it may have ${maxIdLength}`;
  if (SHA256.test(id)) {
    const expected = sha256Id(text);
    return id === expected ? undefined : `the text has another hash, ${expected}: the manifest was changed`;
  }
  if (CUSTOM.test(id) || PREFIXED.test(id)) return undefined;
  return 'the id must be letters, digits and "-._~"; or "sha256:" and 64 hexadecimal digits in lower case; or a prefix that begins with "x-", a colon, and such characters';
}
