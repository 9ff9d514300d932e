import type { Instant } from '../values/instant.js';

/**
 * What asks. Policy and metrics use it where names are too many.
 *
 * - USER: a person, by an identity provider or Google IAP.
 * - SERVICE: a program with an identity of its own: a service account, or a client of an identity provider.
 * - API_KEY: a client with an API key of this gateway.
 * - CERTIFICATE: the subject of a client certificate, which a named proxy verified.
 * - ANONYMOUS: every client, when the gateway runs in the mode `open`.
 */
export const PRINCIPAL_KINDS = ['USER', 'SERVICE', 'API_KEY', 'CERTIFICATE', 'ANONYMOUS'] as const;

export type PrincipalKind = (typeof PRINCIPAL_KINDS)[number];

/**
 * Who asks. Every transport builds the same one (authenticator.ts), and every request has one: a request without valid
 * credentials is refused, unless the gateway runs in the mode `open`. It is immutable, and has no secrets: it may be
 * logged, stored with a job and shown to its owner.
 */
export interface Principal {
  /**
   * Unique, and the same tomorrow: the owner of jobs, budgets and audit entries. A prefix says which method gave it, so
   * that no method can make a name of another: `user:alice@example.com`, `service:loader@project.iam.gserviceaccount.com`,
   * `key:nightly-scores`, `certificate:CN=scorer,O=Example`, `anonymous`. It is well-formed Unicode without control
   * characters.
   */
  readonly name: string;
  readonly kind: PrincipalKind;
  /** The groups that policy may match, sorted, each once. Empty: none. */
  readonly groups: readonly string[];
  /**
   * Further facts that policy may match, e.g. `tenant`. Only the claims that the configuration names are here; a claim
   * that the token lacks is absent.
   */
  readonly claims: ReadonlyMap<string, string>;
  /** When the credentials end. Streams end then. null: they have no end (an API key without expiry, `open`). */
  readonly expiresAt: Instant | null;
}

/** The only principal of the mode `open`. */
export const ANONYMOUS: Principal = Object.freeze({
  name: 'anonymous',
  kind: 'ANONYMOUS',
  groups: Object.freeze([]),
  claims: new Map<string, string>(),
  expiresAt: null,
});
