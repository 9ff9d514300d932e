/**
 * The signatures that a provider may use. All have a public key. With a shared secret (HS256), or without a signature
 * (none), anyone who can read the key, which is public, could make tokens.
 */
export const ASYMMETRIC_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const;

export type Algorithm = (typeof ASYMMETRIC_ALGORITHMS)[number];
