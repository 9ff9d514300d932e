import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseConfig } from '../../config/load-config.js';
import { startGateway, type Gateway, type GatewayOptions } from '../../main.js';
import { createLogger } from '../../observability/logger.js';

const REGISTRY = `
featurestores:
  - name: shop
    entityTypes:
      - name: customer
        sources:
          - sql: customer.sql
            features: [{ name: orders, valueType: INT64 }]
`;
const SQL = `SELECT 'c1' AS entity_id, TIMESTAMP '2001-01-01' AS event_timestamp, 7 AS orders`;

export interface ShopOptions extends Partial<Pick<GatewayOptions, 'onPrepare' | 'logger' | 'tlsLookEveryMs'>> {
  /** The models of the registry, as YAML. */
  readonly models?: string;
  /** The online store of the featurestore, as YAML on one line. */
  readonly onlineStore?: string;
  /** Of the source. */
  readonly sql?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** The whole gateway as main.ts starts it, in this process, with its registry and data (`data`) in a folder. */
export async function startShopGateway(
  folder: string,
  { sql = SQL, environment, onPrepare, logger, tlsLookEveryMs, models = '', onlineStore }: ShopOptions = {},
): Promise<Gateway> {
  const store = onlineStore === undefined ? '' : `\n    onlineStore: ${onlineStore}`;
  writeFileSync(join(folder, 'registry.yaml'), `${REGISTRY.replace('- name: shop', (name) => name + store)}${models}`);
  writeFileSync(join(folder, 'customer.sql'), sql);
  return startGateway({
    config: parseConfig({
      FEATUREGRAPH_REGISTRY: join(folder, 'registry.yaml'),
      FEATUREGRAPH_DATA_DIR: join(folder, 'data'),
      FEATUREGRAPH_GRAPHIQL: 'false',
      HOST: '127.0.0.1',
      PORT: '0',
      ...environment,
    }),
    logger: logger ?? createLogger('silent'),
    onPrepare: onPrepare ?? (() => undefined),
    ...(tlsLookEveryMs === undefined ? {} : { tlsLookEveryMs }),
  });
}
