import { randomInt } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it, onTestFinished } from 'vitest';
import { followThroughKills } from '../support/follow-through-kills.js';
import { startGatewayProcess } from '../support/gateway-process.js';
import { describeWithBigtable } from '../support/google/bigtable-emulator.js';
import { openGoogleGateways } from '../support/google/google-gateways.js';
import { describeWithGoogleSql } from '../support/google/with-googlesql.js';
import { TRANSPORTS } from '../support/stream-clients.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { writtenShop } from '../support/written-shop.js';

const KILLS = Number(process.env.FEATUREGRAPH_TEST_KILLS ?? 10);
/** Each resumption evaluates SQL as the specification says it, and not fast. */
const GOOGLE_KILLS = Number(process.env.FEATUREGRAPH_TEST_KILLS ?? 4);

/** The seed of the times of killing: FEATUREGRAPH_TEST_SEED repeats a run that failed. */
const seed = Number(process.env.FEATUREGRAPH_TEST_SEED ?? randomInt(2 ** 31));

const behaviour = (kills: number): string =>
  `that goes on at its last cursor misses no acknowledged value of a gateway that is killed ${kills} times (seed ${seed})`;

it.each(TRANSPORTS)(
  `a subscription over %s ${behaviour(KILLS)}`,
  async (transport, createClient) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'registry.yaml'), writtenShop('orders', '{ name: count, valueType: INT64 }'));
    await followThroughKills({
      name: `embedded, ${transport}`,
      serve: () =>
        startGatewayProcess({
          FEATUREGRAPH_REGISTRY: join(folder, 'registry.yaml'),
          FEATUREGRAPH_DATA_DIR: join(folder, 'data'),
        }),
      createClient,
      kills: KILLS,
      seed,
    });
  },
  600_000,
);

describeWithBigtable('a subscription to a gateway on Bigtable', () => {
  describeWithGoogleSql('and BigQuery', () => {
    it.each(TRANSPORTS)(
      `over %s ${behaviour(GOOGLE_KILLS)}`,
      async (transport, createClient) => {
        const gateways = await openGoogleGateways();
        onTestFinished(() => gateways.close());
        await followThroughKills({
          name: `Bigtable and BigQuery, ${transport}`,
          serve: () => gateways.serve(0),
          createClient,
          kills: GOOGLE_KILLS,
          seed,
        });
      },
      600_000,
    );
  });
});
