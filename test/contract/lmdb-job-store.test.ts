import { Registry as MetricsRegistry } from 'prom-client';
import { measuredJobStore } from '../../composition/measured-job-store.js';
import { LmdbJobStore } from '../../datasources/job-store/lmdb/lmdb-job-store.js';
import { createGatewayMetrics } from '../../observability/gateway-metrics.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { describeJobStore } from './job-store.contract.js';

describeJobStore('LMDB', async () => {
  const folder = temporaryFolder();
  return async () => new LmdbJobStore(folder);
});

describeJobStore('LMDB, measured', async () => {
  const folder = temporaryFolder();
  return async () => measuredJobStore(new LmdbJobStore(folder), createGatewayMetrics(new MetricsRegistry()));
});
