import { dirname, join, resolve } from 'node:path';
import { ApiKeys } from '../auth/api-keys/api-keys.js';
import { MethodAuthenticator, OPEN_AUTHENTICATOR, type Authenticator } from '../auth/authenticator.js';
import { ClientAddresses } from '../auth/client-addresses.js';
import { ClientCertificates } from '../auth/client-certificates.js';
import type { AuthenticationDocument } from '../auth/document.js';
import { readAuthenticationFile } from '../auth/read-authentication-file.js';
import { BearerTokens, type IssuerTokens } from '../auth/tokens/bearer-tokens.js';
import { CloudRunTokens } from '../auth/tokens/cloud-run-tokens.js';
import {
  GOOGLE_ISSUERS,
  GOOGLE_KEYS,
  googleIdentityTokens,
  IAP_ISSUER,
  IAP_KEYS,
  IapTokens,
} from '../auth/tokens/google.js';
import { identityProviderTokens } from '../auth/tokens/identity-provider.js';
import { ProviderKeys, type KeyLimits } from '../auth/tokens/provider-keys.js';
import { OperatorError } from '../errors/operator-error.js';
import type { Clock } from '../values/clock.js';

export interface AuthenticationOptions {
  /** The authentication file; null: the mode `open`. */
  readonly path: string | null;
  readonly dataDirectory: string;
  /** Whether this is a container of Cloud Run. */
  readonly isCloudRun: boolean;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
  /** For tests: where Google's keys are, and how often keys are read. */
  readonly googleKeys?: { readonly identity: string; readonly iap: string };
  readonly keyLimits?: KeyLimits;
  readonly pollMs?: number;
}

/** The authenticator of the configuration. */
export async function openAuthentication(options: AuthenticationOptions): Promise<Authenticator> {
  const { path, clock, isCloudRun, googleKeys = { identity: GOOGLE_KEYS, iap: IAP_KEYS } } = options;
  if (path === null) return OPEN_AUTHENTICATOR;
  const document = await readAuthenticationFile(path);
  const { googleIap, googleIdentityTokens: google, cloudRun, clientCertificates } = document;
  if (cloudRun && !isCloudRun) {
    throw new OperatorError(
      `The authentication file ${path} has "cloudRun", but this is not a container of Cloud Run.`,
      [
        'Cloud Run takes the signature out of tokens, so any client could make such a token here. Use googleIdentityTokens, which checks signatures.',
      ],
    );
  }
  const keysOf = (issuer: string, jwksUri: string | null): ProviderKeys =>
    new ProviderKeys({
      issuer,
      jwksUri,
      onError: options.onError,
      ...(options.keyLimits ? { limits: options.keyLimits } : {}),
    });
  const issuers: IssuerTokens[] = document.identityProviders.map((provider) =>
    identityProviderTokens(provider, keysOf(provider.issuer, provider.jwksUri ?? null), clock),
  );
  if (google) issuers.push(googleIdentityTokens(google, keysOf(GOOGLE_ISSUERS[0], googleKeys.identity), clock));
  return new MethodAuthenticator(
    {
      iap:
        googleIap &&
        new IapTokens({ ...googleIap, audiences: [googleIap.audience] }, keysOf(IAP_ISSUER, googleKeys.iap), clock),
      cloudRun: cloudRun && new CloudRunTokens(cloudRun, keysOf(GOOGLE_ISSUERS[0], googleKeys.identity), clock),
      bearer: issuers.length > 0 ? new BearerTokens(issuers, clock) : undefined,
      apiKeys: document.apiKeys && (await openApiKeys(options, path, document.apiKeys)),
      certificates: clientCertificates && new ClientCertificates(clientCertificates),
    },
    clock,
    new ClientAddresses(document.trustedProxies),
  );
}

function openApiKeys(
  { dataDirectory, clock, onError, pollMs }: AuthenticationOptions,
  path: string,
  document: NonNullable<AuthenticationDocument['apiKeys']>,
): Promise<ApiKeys> {
  return ApiKeys.open({
    path: keyFilePath(path, document.file, dataDirectory),
    clock,
    onError,
    ...(pollMs === undefined ? {} : { pollMs }),
  });
}

/** The path of the file of API keys, for the gateway and for the commands. */
export function keyFilePath(
  authenticationFile: string | null,
  file: string | undefined,
  dataDirectory: string,
): string {
  if (authenticationFile === null || file === undefined) return join(dataDirectory, 'api-keys.json');
  return resolve(dirname(authenticationFile), file);
}
