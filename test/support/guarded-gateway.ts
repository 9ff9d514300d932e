import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Policy } from '../../auth/policy/policy.js';
import type { Authenticator } from '../../auth/authenticator.js';
import { openAuthentication, type AuthenticationOptions } from '../../composition/authentication.js';
import { PrincipalRates, type RateLimits } from '../../limits/principal-rates.js';
import { systemClock } from '../../values/clock.js';
import { MemoryWriter } from './memory-writer.js';
import { smallRegistry } from './small-registry.js';
import { startTestGateway, type GraphqlAnswer, type TestGateway, type TestGatewayOptions } from './test-gateway.js';

export interface GuardedGateway {
  readonly gateway: TestGateway;
  /** Has the authentication file, and the API keys. */
  readonly folder: string;
  readonly keyFile: string;
  readonly writer: MemoryWriter;
  ask(query: string, headers: Record<string, string>, variables?: Record<string, unknown>): Promise<GraphqlAnswer>;
  ingest(body: string, headers: Record<string, string>): Promise<Response>;
  close(): Promise<void>;
}

export interface GuardedGatewayOptions {
  readonly authentication?: Partial<AuthenticationOptions>;
  readonly rates?: Partial<RateLimits>;
  readonly gateway?: TestGatewayOptions;
}

/** The authenticator of a file with this content (JSON is YAML). */
export async function openTestAuthenticator(
  folder: string,
  document: object,
  options: Partial<AuthenticationOptions> = {},
): Promise<Authenticator> {
  const path = join(folder, 'authentication.yaml');
  await writeFile(path, JSON.stringify(document, null, 2));
  return openAuthentication({
    path,
    dataDirectory: folder,
    isCloudRun: false,
    clock: systemClock,
    onError: () => undefined,
    pollMs: 20,
    ...options,
  });
}

/** A whole gateway whose authentication file has this content (JSON is YAML). */
export async function startGuardedGateway(
  document: object,
  { authentication = {}, rates = {}, gateway: more = {} }: GuardedGatewayOptions = {},
): Promise<GuardedGateway> {
  const folder = await mkdtemp(join(tmpdir(), 'featuregraph-guarded-'));
  const authenticator = await openTestAuthenticator(folder, document, authentication);
  const writer = new MemoryWriter();
  const registry = smallRegistry();
  const gateway = await startTestGateway(registry, {
    clock: systemClock,
    ...more,
    http: {
      authenticator,
      rates: new PrincipalRates({ maxRequestsPerSecond: null, maxRowsPerSecond: null, ...rates }),
      ingest: { registry, writer, policy: more.policy ?? new Policy(), auditLog: null },
      ...more.http,
    },
  });
  return {
    gateway,
    folder,
    keyFile: join(folder, 'api-keys.json'),
    writer,
    ask: async (query, headers, variables) => {
      const response = await fetch(gateway.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ query, variables }),
      });
      const body = (await response.json()) as Pick<GraphqlAnswer, 'data' | 'errors'>;
      return { status: response.status, headers: response.headers, ...body };
    },
    ingest: (body, headers) =>
      fetch(gateway.url.replace('/graphql', '/ingest/shop/customer'), {
        method: 'POST',
        headers: { 'content-type': 'application/x-ndjson', ...headers },
        body,
      }),
    close: async () => {
      await gateway.close();
      authenticator.close();
      await rm(folder, { recursive: true });
    },
  };
}

export function bearer(token: string): { readonly authorization: string } {
  return { authorization: `Bearer ${token}` };
}
