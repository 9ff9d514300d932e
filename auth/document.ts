import { z } from 'zod';
import { isNetwork } from './networks.js';
import { isTrustworthy } from './trustworthy-address.js';
import { ASYMMETRIC_ALGORITHMS } from './tokens/algorithms.js';

/**
 * The format of the authentication file (docs/authentication.md). Each key is a method; at least one is needed. Unknown
 * keys are faults: a misspelled rule would silently not apply.
 */
const text = z.string().min(1).max(1_000);
const names = z.array(text).min(1);
const headerName = z
  .string()
  .transform((name) => name.toLowerCase())
  .refine((name) => /^[a-z0-9-]{1,100}$/.test(name), 'This is not the name of a header.')
  .refine((name) => name !== 'authorization', 'This header has the token of the client itself.');
const clockSkewSeconds = z.number().int().min(0).max(300).default(30);

/** An address from which keys are read. Plain HTTP only on this machine: an attacker who changes the keys in transit takes any name. */
const keyAddress = z
  .url()
  .refine(
    (url) => isTrustworthy(url),
    'This must begin with https://. Only a provider on this machine may have http://.',
  );

const identityProvider = z.strictObject({
  /** The `iss` of its tokens, exactly. */
  issuer: keyAddress,
  /** A token needs one of these in `aud`. */
  audiences: names,
  /** Where its keys are; absent: its OpenID description says it. */
  jwksUri: keyAddress.optional(),
  algorithms: z.array(z.enum(ASYMMETRIC_ALGORITHMS)).min(1).default(['RS256', 'PS256', 'ES256', 'EdDSA']),
  clockSkewSeconds,
  /** The `typ` of its tokens, e.g. at+jwt; absent: any. */
  tokenType: text.optional(),
  /** Claims that a token must have with this value; of a list, one element. */
  requiredClaims: z.record(text, z.union([z.string(), z.number(), z.boolean()])).default({}),
  /** The claim that names the principal. */
  nameClaim: text.default('sub'),
  /** Whether its `email` names a user although the provider did not check it. */
  allowUnverifiedEmail: z.boolean().default(false),
  /** What stands before the name. Each provider has its own: two providers cannot make the same name. */
  prefix: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,31}$/, 'Write a lower-case letter, then letters, digits and hyphens.')
    .default('user'),
  kind: z.enum(['USER', 'SERVICE']).default('USER'),
  /** The claim with the groups; absent: no groups. */
  groupsClaim: text.optional(),
  /** Claims that policy may match. */
  claims: z.array(text).default([]),
});

const googleIap = z.strictObject({
  /** /projects/NUMBER/global/backendServices/ID, or /projects/NUMBER/apps/PROJECT. */
  audience: text,
  clockSkewSeconds,
});

const googleIdentityTokens = z.strictObject({
  /** Of the tokens: the address of the gateway, or the client id. */
  audiences: names,
  clockSkewSeconds,
});

const cloudRun = z.strictObject({
  /** The header in which Cloud Run passes on the token that it checked. */
  header: z.enum(['authorization', 'x-serverless-authorization']),
  /** Absent: the audiences that Cloud Run accepts. */
  audiences: names.optional(),
});

const apiKeys = z.preprocess(
  // `apiKeys:` without more is null in YAML.
  (value) => value ?? {},
  z.strictObject({
    /** Relative to this file; absent: api-keys.json in the data folder. */
    file: text.optional(),
  }),
);

const networks = z.array(
  z.string().refine(isNetwork, 'This is not an address such as 10.1.2.3, or a network such as 10.0.0.0/8.'),
);

const clientCertificates = z.strictObject({
  /** The header with the subject. */
  subjectHeader: headerName,
  /** A header that says that the proxy verified the certificate, e.g. x-ssl-client-verify: SUCCESS. */
  verifiedHeader: z.strictObject({ name: headerName, value: text }).optional(),
  /** Addresses and networks of the proxies. */
  proxies: networks.min(1),
  /** Groups of every client with a certificate. */
  groups: z.array(text).default([]),
});

/** Prefixes of the other methods, and of jobs that the gateway starts. */
const TAKEN_PREFIXES = ['key', 'certificate', 'anonymous', 'schedule', 'gateway', 'service'];

export const authenticationDocument = z
  .strictObject({
    identityProviders: z.array(identityProvider).max(20).default([]),
    googleIap: googleIap.optional(),
    googleIdentityTokens: googleIdentityTokens.optional(),
    cloudRun: cloudRun.optional(),
    apiKeys: apiKeys.optional(),
    clientCertificates: clientCertificates.optional(),
    /** Proxies whose X-Forwarded-For names the address of the client, by which refused credentials are counted. */
    trustedProxies: networks.default([]),
  })
  .superRefine((document, context) => {
    const { identityProviders: providers, googleIap, googleIdentityTokens, cloudRun, ...others } = document;
    const fault = (path: (string | number)[], message: string): void =>
      context.addIssue({ code: 'custom', path, message });
    const isGoogle = googleIap ?? googleIdentityTokens ?? cloudRun;
    if (providers.length === 0 && !isGoogle && !others.apiKeys && !others.clientCertificates) {
      fault(
        [],
        'The file has no method. Add apiKeys, identityProviders or another one, or unset FEATUREGRAPH_AUTHENTICATION.',
      );
    }
    if (cloudRun?.header === 'authorization' && (providers.length > 0 || googleIdentityTokens || others.apiKeys)) {
      fault(['cloudRun', 'header'], 'Cloud Run uses "Authorization" here, so no other token can be in it.');
    }
    const prefixes = new Set(isGoogle ? ['user'] : []);
    const issuers = new Set(googleIdentityTokens ? ['https://accounts.google.com'] : []);
    for (const [index, { prefix, issuer }] of providers.entries()) {
      if (issuers.has(issuer)) fault(['identityProviders', index, 'issuer'], 'Another method has this issuer.');
      if (prefixes.has(prefix) || TAKEN_PREFIXES.includes(prefix)) {
        fault(
          ['identityProviders', index, 'prefix'],
          `The prefix "${prefix}" is taken: two methods could make one name.`,
        );
      }
      prefixes.add(prefix);
      issuers.add(issuer);
    }
  });

/** Which keys are known: a fault names the one that was probably meant. */
export function authenticationJsonSchema(): object {
  return z.toJSONSchema(authenticationDocument, { io: 'input' });
}

export type AuthenticationDocument = z.output<typeof authenticationDocument>;
export type IdentityProviderDocument = z.output<typeof identityProvider>;
export type ClientCertificatesDocument = z.output<typeof clientCertificates>;
export type CloudRunDocument = z.output<typeof cloudRun>;
