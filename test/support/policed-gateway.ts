import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createWsClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { createKey } from '../../auth/api-keys/manage-keys.js';
import type { GoogleClientOptions } from '../../composition/google-clients.js';
import { parseConfig } from '../../config/load-config.js';
import { startGateway, type Gateway } from '../../main.js';
import { createLogger } from '../../observability/logger.js';
import { systemClock } from '../../values/clock.js';

const REGISTRY = `
featurestores:
  - name: shop
    entityTypes:
      - name: customer
        sources:
          - name: orders
            features:
              - { name: orders, valueType: INT64 }
              - { name: city, valueType: STRING }
              - { name: email, valueType: STRING, sensitivity: PERSONAL, description: Where we write to. }
              - { name: margin, valueType: DOUBLE, sensitivity: CONFIDENTIAL }
    featureViews:
      - { name: board, entityType: customer, features: [orders, email] }
  - name: plans
    entityTypes:
      - name: merger
        sources: [{ features: [{ name: target, valueType: STRING, sensitivity: CONFIDENTIAL }] }]
`;

export const POLICY = `
rules:
  - { name: admins read and write, who: { groups: [admin] }, allow: [READ, WRITE] }
  - { name: admins start, who: { groups: [admin] }, allow: [TRAINING_SET, DELETE, FEATURE_VIEW_SYNC, SOURCE_REFRESH] }
  - { name: admins see, who: { groups: [admin] }, allow: [SEE_JOBS, CANCEL_JOBS, APPLY_REGISTRY] }
  - { name: admins use files, who: { groups: [admin] }, allow: [READ_FILE, WRITE_FILE, READ_TABLE, WRITE_TABLE] }
  - name: analysts read what is not personal
    who: { groups: [analyst] }
    allow: [READ]
    featurestores: [shop]
    sensitivity: [PUBLIC, INTERNAL]
  - { name: analysts make training sets, who: { groups: [analyst] }, allow: [TRAINING_SET] }
  - { name: analysts read labels, who: { groups: [analyst] }, allow: [READ_FILE], files: ['labels/*'] }
  - name: tenants have their rows
    who: { claims: { tenant: ['*'] } }
    allow: [READ, WRITE, DELETE]
    entityTypes: [customer]
    entityIds: ['{claims.tenant}:*']
  - { name: tenants make training sets, who: { claims: { tenant: ['*'] } }, allow: [TRAINING_SET] }
`;

/** Each has an API key. No rule applies to `nobody`. */
const PRINCIPALS = {
  admin: { groups: ['admin'], claims: {} },
  ann: { groups: ['analyst'], claims: {} },
  bob: { groups: ['analyst'], claims: {} },
  acme: { groups: [], claims: { tenant: 'acme' } },
  nobody: { groups: [], claims: {} },
} as const;

export type Who = keyof typeof PRINCIPALS;

export interface Answer {
  readonly status: number;
  readonly data: any;
  readonly errors: readonly { message: string; path?: unknown[]; extensions: Record<string, any> }[] | undefined;
  readonly text: string;
}

/** What principals do with a gateway. */
export interface PolicedClients {
  readonly url: string;
  ask(who: Who, query: string, variables?: Record<string, unknown>): Promise<Answer>;
  /** The receipts of rows that are sent to `POST /ingest`, and the last line. */
  ingest(who: Who, entityType: string, rows: readonly object[]): Promise<any[]>;
  /** The results of a subscription, by transport, until `onResult` ends it or it ends. */
  follow(
    transport: Transport,
    who: Who,
    query: string,
    onResult: (result: any, end: () => void) => void,
  ): Promise<{ readonly results: any[]; readonly error: any }>;
  headersOf(who: Who): { readonly authorization: string };
}

export interface PolicedGateway extends PolicedClients {
  readonly gateway: Gateway;
  readonly folder: string;
  writePolicy(text: string): void;
  close(): Promise<void>;
}

export const TRANSPORTS = ['WebSocket', 'server-sent events'] as const;
export type Transport = (typeof TRANSPORTS)[number];

export type Keys = ReadonlyMap<Who, string>;

/** A folder with a registry, a policy, and an authentication file with the API keys of all principals. */
export async function makePolicedFolder(
  folder: string,
  registry: string = REGISTRY,
  policy: string = POLICY,
): Promise<{ readonly keys: Keys; readonly environment: Readonly<Record<string, string>> }> {
  writeFileSync(join(folder, 'policy.yaml'), policy);
  writeFileSync(join(folder, 'registry.yaml'), registry);
  writeFileSync(join(folder, 'authentication.yaml'), 'apiKeys: { file: api-keys.json }\n');
  const keys = new Map<Who, string>();
  for (const [name, { groups, claims }] of Object.entries(PRINCIPALS)) {
    const request = { name, groups, claims, expiresAt: null, isRotation: false, now: systemClock() };
    keys.set(name as Who, (await createKey(join(folder, 'api-keys.json'), request)).key);
  }
  return {
    keys,
    environment: {
      FEATUREGRAPH_REGISTRY: join(folder, 'registry.yaml'),
      FEATUREGRAPH_POLICY: join(folder, 'policy.yaml'),
      FEATUREGRAPH_AUTHENTICATION: join(folder, 'authentication.yaml'),
      FEATUREGRAPH_AUDIT_FOLDER: join(folder, 'audit'),
      FEATUREGRAPH_DATA_DIR: join(folder, 'data'),
      FEATUREGRAPH_GRAPHIQL: 'false',
      HOST: '127.0.0.1',
      PORT: '0',
    },
  };
}

/** The whole gateway as main.ts starts it, with a policy, an audit log, and principals with API keys. */
export async function startPolicedGateway(
  environment: Record<string, string> = {},
  registry?: string,
  policy?: string,
  google?: GoogleClientOptions,
): Promise<PolicedGateway> {
  const folder = await mkdtemp(join(tmpdir(), 'featuregraph-policed-'));
  const made = await makePolicedFolder(folder, registry, policy);
  const gateway = await startGateway({
    config: parseConfig({ ...made.environment, ...environment }),
    logger: createLogger('silent'),
    onPrepare: () => undefined,
    ...(google ? { google } : {}),
  });
  return {
    ...policedClients(gateway.url, made.keys),
    gateway,
    folder,
    writePolicy: (text) => writeFileSync(join(folder, 'policy.yaml'), text),
    close: async () => {
      await gateway.stop();
      await rm(folder, { recursive: true });
    },
  };
}

/** What each principal does over every transport. */
export function policedClients(url: string, keys: Keys): PolicedClients {
  const headersOf = (who: Who) => ({ authorization: `Bearer ${keys.get(who)!}` });
  return {
    url,
    headersOf,
    ask: async (who, query, variables) => {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headersOf(who) },
        body: JSON.stringify({ query, variables }),
      });
      const text = await response.text();
      return { status: response.status, text, ...(JSON.parse(text) as Pick<Answer, 'data' | 'errors'>) };
    },
    ingest: async (who, entityType, rows) => {
      const response = await fetch(url.replace('/graphql', `/ingest/shop/${entityType}`), {
        method: 'POST',
        headers: { 'content-type': 'application/x-ndjson', ...headersOf(who) },
        body: rows.map((row) => `${JSON.stringify(row)}\n`).join(''),
      });
      return (await response.text())
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
    },
    follow: (transport, who, query, onResult) => {
      const client =
        transport === 'WebSocket'
          ? createWsClient({
              url: url.replace('http', 'ws'),
              webSocketImpl: WebSocket,
              retryAttempts: 0,
              connectionParams: headersOf(who),
            })
          : createSseClient({ url: url, headers: headersOf(who), retryAttempts: 0 });
      return new Promise((resolve) => {
        const results: any[] = [];
        const done = (error: any): void => {
          void client.dispose();
          resolve({ results, error });
        };
        const end = client.subscribe(
          { query },
          {
            next: (result: any) => {
              results.push(result);
              onResult(result, () => end());
            },
            error: done,
            complete: () => done(undefined),
          },
        );
      });
    },
  };
}

/** Writes values of a customer of each tenant, as the administrator. */
export async function writeCustomers(
  shop: Pick<PolicedGateway, 'ask'>,
  values: Readonly<Record<string, unknown>>,
): Promise<void> {
  const rows = ['acme:1', 'beta:1'].map((entityId) => ({
    entityType: 'customer',
    entityId,
    timestamp: '2001-01-01T00:00:00Z',
    values: Object.entries(values).map(([feature, value]) => ({ feature, value })),
  }));
  await shop.ask(
    'admin',
    'mutation ($rows: [WrittenRowInput!]!) { writeFeatureValues(input: { featurestore: "shop", rows: $rows }) { written } }',
    { rows },
  );
}
