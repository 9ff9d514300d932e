import { rm } from 'node:fs/promises';
import { startGateway } from '../start-gateway.js';
import { measureDelays } from './delays.js';
import { measureEmulators } from './emulators.js';
import { measureGrowth } from './growth.js';
import { measureReads } from './reads.js';
import { makeWriteFolder } from './rows.js';
import { measureThroughput } from './throughput.js';

/**
 * What writing costs in a real gateway: `npm run bench:ingest [part]`, where a part is one of those below or `emulators`.
 * Each has a fresh gateway with embedded stores; `emulators` has one with Bigtable and BigQuery.
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
    await measure(gateway, folder);
  } finally {
    gateway.child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  }
}
if (only === undefined || only === 'emulators') {
  console.log('\nemulators');
  await measureEmulators();
}
