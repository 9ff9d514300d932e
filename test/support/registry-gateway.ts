import { join } from 'node:path';
import { parseConfig } from '../../config/load-config.js';
import { startGateway, type Gateway, type GatewayOptions } from '../../main.js';
import { createLogger } from '../../observability/logger.js';

export interface RegistryGatewayOptions extends Partial<Omit<GatewayOptions, 'config'>> {
  readonly environment?: Readonly<Record<string, string>>;
}

/** The whole gateway as main.ts starts it, in this process, with the registry.yaml of a folder and data in `data` there. */
export function startRegistryGateway(
  folder: string,
  { environment, ...options }: RegistryGatewayOptions = {},
): Promise<Gateway> {
  return startGateway({
    config: parseConfig({
      FEATUREGRAPH_REGISTRY: join(folder, 'registry.yaml'),
      FEATUREGRAPH_DATA_DIR: join(folder, 'data'),
      FEATUREGRAPH_GRAPHIQL: 'false',
      HOST: '127.0.0.1',
      PORT: '0',
      ...environment,
    }),
    logger: createLogger('silent'),
    onPrepare: () => undefined,
    ...options,
  });
}
