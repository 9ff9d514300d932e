import { expect, it } from 'vitest';
import { startShopGateway } from '../../support/shop-gateway.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

it('several gateways do not start over stores of one disk or SQL of their own, and each is named with its cure', async () => {
  const start = startShopGateway(temporaryFolder(), {
    environment: { FEATUREGRAPH_JOBS_TABLE: 'projects/p/instances/i/tables/jobs' },
  });
  await expect(start).rejects.toMatchObject({
    summary: expect.stringContaining('several gateways would not serve the same values') as string,
    faults: [
      'the online store of "shop" is on the disk of one gateway: use BIGTABLE or a store of Vertex AI',
      'the offline store of "shop" is on the disk of one gateway: use BIGQUERY',
      expect.stringMatching(
        /^the source ".*" of "shop.customer" has SQL, .*: compute it in BigQuery, and name its table$/,
      ),
    ],
  });
});
