import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configSchema } from '../../../config/config.js';
import { OperatorError } from '../../../errors/operator-error.js';
import { startGateway } from '../../../main.js';
import { createLogger } from '../../../observability/logger.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

let taken: Server;
let takenPort: string;
beforeAll(async () => {
  taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  takenPort = String((taken.address() as AddressInfo).port);
});
afterAll(() => taken.close());

const start = (variables: Record<string, string>) =>
  startGateway({
    config: configSchema.parse({ PORT: '0', HOST: '127.0.0.1', ...variables }),
    logger: createLogger('silent'),
    onPrepare: () => expect.unreachable('nothing is prepared'),
  });

describe('a gateway that cannot start', () => {
  it.each(['PORT', 'METRICS_PORT'])('because %s is in use says so, before it prepares anything', async (variable) => {
    const folder = join(temporaryFolder(), 'data');
    const refused = start({ FEATUREGRAPH_DATA_DIR: folder, [variable]: takenPort });
    await expect(refused).rejects.toThrow(OperatorError);
    await expect(refused).rejects.toThrow(`the port is in use. Stop what uses it, or set ${variable}`);
    expect(existsSync(folder)).toBe(false);
  });

  it('because HOST is none of its addresses says so', async () => {
    const refused = start({
      HOST: '192.0.2.1',
      FEATUREGRAPH_ALLOW_UNAUTHENTICATED: 'true',
      FEATUREGRAPH_DATA_DIR: join(temporaryFolder(), 'data'),
    });
    await expect(refused).rejects.toThrow(/cannot listen at 192\.0\.2\.1, port 0:.*Is HOST an address/s);
  });

  it.each([
    ['the data folder', 'data'],
    ['a folder above it', 'data/inside'],
  ])('because a file is in the place of %s says so', async (_what, name) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'data'), '');
    const refused = start({ FEATUREGRAPH_DATA_DIR: join(folder, name) });
    await expect(refused).rejects.toThrow(OperatorError);
    await expect(refused).rejects.toThrow(/a file is in its place\..*set FEATUREGRAPH_DATA_DIR/);
  });
});
