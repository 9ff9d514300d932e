import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Gateway } from '../../main.js';
import { startRegistryGateway, type RegistryGatewayOptions } from './registry-gateway.js';

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

export interface ShopOptions extends RegistryGatewayOptions {
  /** The models of the registry, as YAML. */
  readonly models?: string;
  /** The online store of the featurestore, as YAML on one line. */
  readonly onlineStore?: string;
  /** Of the source. */
  readonly sql?: string;
}

/** The whole gateway as main.ts starts it, in this process, with its registry and data (`data`) in a folder. */
export async function startShopGateway(
  folder: string,
  { sql = SQL, models = '', onlineStore, ...options }: ShopOptions = {},
): Promise<Gateway> {
  const store = onlineStore === undefined ? '' : `\n    onlineStore: ${onlineStore}`;
  writeFileSync(join(folder, 'registry.yaml'), `${REGISTRY.replace('- name: shop', (name) => name + store)}${models}`);
  writeFileSync(join(folder, 'customer.sql'), sql);
  return startRegistryGateway(folder, options);
}
