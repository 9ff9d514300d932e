import '../../cli/production-mode.js';
import { mkdtempSync, rmSync } from 'node:fs';

import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { z } from 'zod';
import { Policy } from '../../auth/policy/policy.js';
import { ANONYMOUS } from '../../auth/principal.js';
import { openServedLog } from '../../composition/open-served-log.js';
import { servedLogVariables, toServedLog } from '../../config/served-log-config.js';
import type { OfflineStore } from '../../datasources/offline/offline-store.js';
import { LmdbOnlineStore } from '../../datasources/online/lmdb/lmdb-online-store.js';
import { createLogger } from '../../observability/logger.js';
import { createLoaders } from '../../resolvers/loaders.js';
import type { ServedLog } from '../../serving/served-log/served-log.js';
import { systemClock } from '../../values/clock.js';
import { benchRegistry } from '../bench-registry.js';
import { fillStore } from '../filled-store.js';

/**
 * What the log of served values costs: the CPU of a read of the loaders and LMDB alone, without HTTP and GraphQL, beside the
 * same read with the log at a sample rate. The variants take turns in an order that changes, in one process, and each turn is
 * compared with the one of the same round without the log. A turn ends when its lines are on the disk.
 */
const RATES = [0, 0.01, 1];
const ROUNDS = Number(process.argv[2] ?? 20);
const ENTITIES = 10_000;

const registry = benchRegistry();
const entityType = registry.entityType('bench', 'thing');
const features = entityType.features.slice(0, 10);
const folder = mkdtempSync(join(tmpdir(), 'featuregraph-bench-'));
const store = new LmdbOnlineStore(join(folder, 'online'));
await fillStore(store, entityType, ENTITIES);
const stores = { online: () => store, offline: () => ({}) as OfflineStore };
const access = new Policy(null).accessOf(ANONYMOUS);

const logs = new Map<number, ServedLog>();
for (const rate of RATES.filter((one) => one > 0)) {
  const servedLog = toServedLog(z.object(servedLogVariables).parse({ FEATUREGRAPH_SERVED_LOG_SAMPLE_RATE: rate }));
  const log = await openServedLog(
    { dataDirectory: join(folder, String(rate)), servedLog },
    createLogger('info'),
    systemClock,
  );
  logs.set(rate, log!);
}

try {
  for (const { entities, reads } of [
    { entities: 1, reads: 60_000 },
    { entities: 100, reads: 2_000 },
  ]) {
    for (const rate of RATES) await turn(rate, entities, reads);
    const ratios = new Map<number, number[]>(RATES.map((rate) => [rate, []]));
    const plain: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const order = RATES.map((_, index) => RATES[(index + round) % RATES.length]!);
      const costs = new Map<number, number>();
      for (const rate of order) costs.set(rate, await turn(rate, entities, reads));
      plain.push(costs.get(0)!);
      for (const rate of RATES) ratios.get(rate)!.push(costs.get(rate)! / costs.get(0)!);
    }
    console.log(
      `\n${entities} x ${features.length} values: ${quantile(plain, 0.5).toFixed(1)} µs of CPU a read without the log`,
    );
    for (const rate of RATES.slice(1)) {
      const percent = (share: number): string => `${((quantile(ratios.get(rate)!, share) - 1) * 100).toFixed(1)} %`;
      console.log(
        `  sample rate ${rate}: ${percent(0.5)} more (middle half: ${percent(0.25)} to ${percent(0.75)}; ${ROUNDS} rounds)`,
      );
    }
  }
  for (const [rate, { counts }] of logs) {
    console.log(`rate ${rate}: ${counts.written} rows written, ${counts.dropped} dropped, ${counts.failed} failed`);
  }
} finally {
  for (const log of logs.values()) await log.close();
  await store.close();
  rmSync(folder, { recursive: true, force: true });
}

/** Microseconds of CPU a read. */
async function turn(rate: number, entities: number, reads: number): Promise<number> {
  const log = logs.get(rate);
  const before = process.cpuUsage();
  for (let read = 0; read < reads; read += 1) {
    const loaders = createLoaders(stores, systemClock(), access, { served: log?.sample(ANONYMOUS.name) });
    const keys = Array.from({ length: entities }, (_, index) => ({
      entityType,
      entityId: `e${(read * 197 + index * 31) % ENTITIES}`,
      asOf: null,
    }));
    await loaders.readRows(keys, features);
    // As requests do: the log writes by a timer.
    if (read % 50 === 49) await nextTurn();
  }
  await log?.flush();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / reads;
}

function quantile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) * share)] ?? NaN;
}
