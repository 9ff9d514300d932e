import '../../cli/production-mode.js';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { OPEN_AUTHENTICATOR } from '../../auth/authenticator.js';
import { Policy } from '../../auth/policy/policy.js';
import { LmdbOnlineStore } from '../../datasources/online/lmdb/lmdb-online-store.js';
import { benchGateway } from '../bench-gateway.js';
import { benchRegistry } from '../bench-registry.js';
import { mercuriusServer } from './mercurius-server.js';
import { rawServer } from './raw-server.js';
import { FEATURES, type Variant } from './workloads.js';

/** One server of the comparison, in a process of its own, over the store in a folder. */
const [variant, folder] = process.argv.slice(2) as [Variant, string];
const registry = benchRegistry(FEATURES);
const entityType = registry.entityType('bench', 'thing');
const store = new LmdbOnlineStore(folder);
const server = await openServer();
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));

process.on('message', () => process.send?.({ cpu: process.cpuUsage() }));
process.on('disconnect', () => process.exit(0));

async function openServer(): Promise<Server> {
  if (variant === 'raw') return rawServer(store, entityType);
  if (variant === 'mercurius') return mercuriusServer(store, entityType);
  return benchGateway(registry, store, {
    authenticator: OPEN_AUTHENTICATOR,
    policy: new Policy(null),
    auditLog: null,
    servedLog: null,
    logLevel: variant === 'without log' ? 'silent' : 'info',
    isHotLaneOff: variant === 'without lane',
  });
}
