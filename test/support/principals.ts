import type { Principal } from '../../auth/principal.js';

/** A user with what a test says of them. */
export function testPrincipal(
  name: string,
  { groups = [], claims = {}, kind = 'USER' }: TestPrincipal = {},
): Principal {
  return { name, kind, groups, claims: new Map(Object.entries(claims)), expiresAt: null };
}

export interface TestPrincipal {
  readonly kind?: Principal['kind'];
  readonly groups?: readonly string[];
  readonly claims?: Readonly<Record<string, string>>;
}
