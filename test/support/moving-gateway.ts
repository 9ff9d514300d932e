import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configSchema } from '../../config/config.js';
import { startGateway, type Gateway } from '../../main.js';
import { createLogger } from '../../observability/logger.js';

/** A registry with two entity types, whose SQL reads one file each. */
export const MOVING_REGISTRY = `
featurestores:
  - name: shop
    tables:
      orders: { file: orders.csv, timeZone: UTC }
      stock: { file: stock.csv, timeZone: UTC }
    entityTypes:
      - name: customer
        sources:
          - sql: orders.sql
            timestampColumn: moment
            features:
              - { name: total, valueType: INT64 }
              - { name: double_total, valueType: INT64 }
      - name: item
        sources:
          - sql: stock.sql
            timestampColumn: moment
            features: [{ name: count, valueType: INT64 }]
`;
const ORDERS_SQL = 'SELECT id AS entity_id, moment, total, 2 * total AS double_total FROM orders';

export const row = (id: string, moment: Date, value: number): string => `${id},${moment.toISOString()},${value}`;

export function writeOrders(folder: string, rows: readonly string[]): void {
  writeFileSync(join(folder, 'orders.csv'), ['id,moment,total', ...rows, ''].join('\n'));
}

/** Writes the files of the registry; orders are written by `writeOrders`. */
export function writeMovingRegistry(folder: string, registry = MOVING_REGISTRY): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'registry.yaml');
  writeFileSync(path, registry);
  writeFileSync(join(folder, 'orders.sql'), ORDERS_SQL);
  writeFileSync(join(folder, 'stock.sql'), 'SELECT id AS entity_id, moment, n AS count FROM stock');
  writeFileSync(join(folder, 'stock.csv'), 'id,moment,n\nx,2026-01-01T00:00:00Z,1\n');
  return path;
}

export interface MovingGateway extends Gateway {
  /** The steps of the preparation before the gateway served. */
  readonly prepared: readonly string[];
  ask<Data = any>(query: string, variables?: object): Promise<Data>;
  /** Starts a job by `refreshSource` and waits for its end. */
  refresh(entityType: string): Promise<{
    readonly state: string;
    readonly trigger: string;
    readonly steps: number | null;
    readonly error: { readonly code: string; readonly message: string } | null;
    readonly computed: readonly {
      readonly source: string;
      readonly isIncremental: boolean;
      readonly fullRefreshReason: string | null;
      readonly rowsRead: string;
      readonly rowsComputed: string;
      readonly rowsLeftOut: string;
    }[];
    readonly violations:
      | readonly {
          readonly source: string;
          readonly feature: string | null;
          readonly kind: string;
          readonly action: string;
          readonly description: string;
          readonly rows: string;
          readonly examples: readonly { readonly entityId: string; readonly timestamp: string | null }[];
        }[]
      | null;
  }>;
}

export async function startMovingGateway(
  folder: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<MovingGateway> {
  const prepared: string[] = [];
  const gateway = await startGateway({
    config: configSchema.parse({
      PORT: '0',
      FEATUREGRAPH_REGISTRY: join(folder, 'registry.yaml'),
      FEATUREGRAPH_DATA_DIR: join(folder, 'data'),
      ...environment,
    }),
    logger: createLogger('silent'),
    onPrepare: ({ step }) => {
      if (prepared.at(-1) !== step) prepared.push(step);
    },
  });
  const ask = async <Data>(query: string, variables: object = {}): Promise<Data> => {
    const response = await fetch(gateway.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
    });
    const { data, errors } = (await response.json()) as { data: Data; errors?: unknown };
    if (errors) throw new Error(JSON.stringify(errors));
    return data;
  };
  return {
    ...gateway,
    prepared,
    ask,
    refresh: async (entityType) => {
      const { refreshSource } = await ask<any>(
        'mutation ($input: RefreshSourceInput!) { refreshSource(input: $input) { job { id } userErrors { message } } }',
        { input: { featurestore: 'shop', entityType } },
      );
      for (;;) {
        const { job } = await ask<any>(
          'query ($id: ID!) { job(id: $id) { state error { code message } ... on SourceRefreshJob { trigger steps computed { source isIncremental fullRefreshReason rowsRead rowsComputed rowsLeftOut } violations { source feature kind action description rows examples { entityId timestamp } } } } }',
          { id: refreshSource.job.id },
        );
        if (/SUCCEEDED|FAILED|CANCELLED/.test(job.state)) return job;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
  };
}
