import { rm } from 'node:fs/promises';
import { startGateway } from '../start-gateway.js';
import { measureDelays } from './delays.js';
import { measureGrowth } from './growth.js';
import { measureReads } from './reads.js';
import { makeWriteFolder } from './rows.js';
import { measureThroughput } from './throughput.js';

/**
 * What writing costs in a real gateway with embedded stores: `npm run bench:ingest [part]`, where a part is one of those
 * below. Each has a fresh gateway.
 */
const PARTS = {
  throughput: measureThroughput,
  delays: measureDelays,
  reads: measureReads,
  growth: measureGrowth,
};
const only = process.argv[2];

for (const [name, measure] of Object.entries(PARTS)) {
  if (only !== undefined && only !== name) continue;
  console.log(`\n${name}`);
  const folder = await makeWriteFolder();
  const gateway = await startGateway(folder);
  try {
    await measure(gateway.url, folder);
  } finally {
    gateway.child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  }
}
