import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { askAlone } from '../support/ask-alone.js';
import { startGatewayProcess } from '../support/gateway-process.js';
import { canMount, fillDisk, mountSmallDisk } from '../support/small-disk.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';
import { WRITE_VALUES, writtenShop } from '../support/written-shop.js';

const READ = `{ entity(featurestore: "shop", entityType: "customer", entityId: "0") { features { value } } }`;
const NOTE = 'n'.repeat(20_000);

it.skipIf(!canMount())(
  'on a full disk, reads go on, the log of served values counts its rows as failed, and it is written again when there is space (needs root, for a small tmpfs)',
  async () => {
    const folder = temporaryFolder();
    const data = join(folder, 'data');
    mountSmallDisk(data, 16);
    writeFileSync(join(folder, 'registry.yaml'), writtenShop('notes', '{ name: note, valueType: STRING }'));
    const gateway = await startGatewayProcess({
      FEATUREGRAPH_REGISTRY: join(folder, 'registry.yaml'),
      FEATUREGRAPH_DATA_DIR: data,
      FEATUREGRAPH_SERVED_LOG_SAMPLE_RATE: '1',
      METRICS_PORT: '0',
    });
    onTestFinished(() => void gateway.child.kill('SIGKILL'));
    const { metricsUrl } = gateway.log.find((entry) => typeof entry.metricsUrl === 'string') as { metricsUrl: string };
    const send = (query: string, variables: object = {}): Promise<any> => askAlone(gateway.url, query, variables);
    const rows = async (result: string): Promise<number> => {
      const text = await (await fetch(metricsUrl)).text();
      return Number(
        new RegExp(`^featuregraph_served_log_rows_total\\{.*result="${result}".*\\} (\\d+)$`, 'm').exec(text)![1],
      );
    };
    const readUntil = async (result: string, more: number): Promise<void> =>
      until(async () => {
        expect(await send(READ)).toEqual({ data: { entity: { features: [{ value: NOTE }] } } });
        return (await rows(result)) > more;
      });
    const input = {
      featurestore: 'shop',
      rows: [
        {
          entityType: 'customer',
          entityId: '0',
          timestamp: '2001-05-01T00:00:00Z',
          values: [{ feature: 'note', value: NOTE }],
        },
      ],
    };
    expect((await send(WRITE_VALUES, { input })).data.writeFeatureValues.userErrors).toEqual([]);
    await readUntil('written', 0);
    expect(await rows('failed')).toBe(0);

    const ballast = join(data, 'ballast');
    fillDisk(ballast);
    await readUntil('failed', 0);

    rmSync(ballast);
    await readUntil('written', await rows('written'));
    expect(await gateway.stop()).toBe(0);
  },
);
