import '../../cli/production-mode.js';
import type { AddressInfo } from 'node:net';
import { OPEN_AUTHENTICATOR } from '../../auth/authenticator.js';
import { Policy } from '../../auth/policy/policy.js';
import { LmdbOnlineStore } from '../../datasources/online/lmdb/lmdb-online-store.js';
import { systemClock } from '../../values/clock.js';
import { benchGateway } from '../bench-gateway.js';
import { benchRegistry } from '../bench-registry.js';
import { randomIds, type ReaderAnswer, type ReaderRequest, type ReadShape } from './messages.js';

/** A process over a filled store: `FOLDER ENTITIES FEATURES`. It serves HTTP, and measures reads of the store without it. */
const [folder = '', entitiesText, featuresText] = process.argv.slice(2);
const stored = Number(entitiesText);
const MIN_VALUES = 2_000_000;

const registry = benchRegistry(Number(featuresText));
const entityType = registry.entityType('bench', 'thing');
const store = new LmdbOnlineStore(folder);
const server = await benchGateway(registry, store, {
  authenticator: OPEN_AUTHENTICATOR,
  policy: new Policy(null),
  auditLog: null,
  servedLog: null,
  logLevel: 'silent',
  isHotLaneOff: false,
  isWarm: true,
});
server.listen(0, '127.0.0.1', () => say({ kind: 'listens', port: (server.address() as AddressInfo).port }));

process.on('message', (request: ReaderRequest) => {
  if (request.kind === 'cpu') say({ kind: 'cpu', microseconds: cpu() });
  else void measureReads(request.shape).then((microseconds) => say({ kind: 'reads', microseconds }));
});
process.on('disconnect', () => process.exit(0));

/** Microseconds of CPU of one read of random entities. */
async function measureReads(shape: ReadShape): Promise<number> {
  const count = Math.ceil(MIN_VALUES / (shape.entities * shape.features + 50));
  // The first reads compile the code, and bring pages of the file into memory.
  await readMany(shape, Math.ceil(count / 4));
  const before = cpu();
  await readMany(shape, count);
  return (cpu() - before) / count;
}

async function readMany({ entities, features }: ReadShape, count: number): Promise<void> {
  const read = entityType.features.slice(0, features);
  for (let done = 0; done < count; done += 1) {
    const entityIds = randomIds(entities, stored);
    await store.read({ entityType, entityIds, features: read, now: systemClock(), includeExpired: false });
  }
}

function cpu(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

function say(answer: ReaderAnswer): void {
  process.send?.(answer);
}
