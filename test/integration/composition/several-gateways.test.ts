import { expect, it } from 'vitest';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXPECTING_SHOP } from '../../support/expecting-shop.js';
import { startRegistryGateway } from '../../support/registry-gateway.js';
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

it('several gateways do not start with a quarantine, which would be on the disk of each', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'registry.yaml'), EXPECTING_SHOP);
  const environment = { FEATUREGRAPH_JOBS_TABLE: 'projects/p/instances/i/tables/jobs' };
  await expect(startRegistryGateway(folder, { environment })).rejects.toMatchObject({
    faults: expect.arrayContaining([
      expect.stringMatching(
        /^an expectation of "shop.customer.email" has onViolation: QUARANTINE, .*: use REJECT or WARN$/,
      ),
    ]) as string[],
  });
});
