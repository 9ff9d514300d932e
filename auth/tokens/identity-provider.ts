import type { JWTPayload } from 'jose';
import type { Clock } from '../../values/clock.js';
import type { Instant } from '../../values/instant.js';
import type { IdentityProviderDocument } from '../document.js';
import { checkName, toGroups } from '../principal-name.js';
import type { Principal } from '../principal.js';
import { invalid } from '../unauthenticated.js';
import type { IssuerTokens } from './bearer-tokens.js';
import { checkRequiredClaims, claimsOf, groupsOf, readClaim } from './claims.js';
import type { ProviderKeys } from './provider-keys.js';
import { TokenVerifier } from './token-verifier.js';

/** The tokens of an OpenID Connect provider, or of any other that publishes its keys as a JWKS. */
export function identityProviderTokens(
  document: IdentityProviderDocument,
  keys: ProviderKeys,
  clock: Clock,
): IssuerTokens {
  const issuers = [document.issuer];
  const verifier = new TokenVerifier({ ...document, issuers }, keys, clock);
  return {
    issuers,
    prefixes: [`${document.prefix}:`],
    verify: async (token) => {
      const { payload, expiresAt } = await verifier.verify(token);
      checkRequiredClaims(payload, document.requiredClaims);
      return toPrincipal(document, payload, expiresAt);
    },
  };
}

function toPrincipal(document: IdentityProviderDocument, payload: JWTPayload, expiresAt: Instant): Principal {
  const { nameClaim, prefix, kind, groupsClaim, claims, allowUnverifiedEmail } = document;
  const name = readClaim(payload, nameClaim);
  if (typeof name !== 'string' || name === '') {
    throw invalid(`The token has no claim "${nameClaim}", which names who asks.`);
  }
  // A user who can set the address of their account could take any name.
  if (nameClaim === 'email' && payload.email_verified !== true && !allowUnverifiedEmail) {
    throw invalid('The issuer did not verify the email of the token ("email_verified" is not true).');
  }
  return {
    name: checkName(`${prefix}:${name}`),
    kind,
    groups: toGroups(groupsOf(payload, groupsClaim)),
    claims: claimsOf(payload, claims),
    expiresAt,
  };
}
