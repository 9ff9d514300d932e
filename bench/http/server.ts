import '../../cli/production-mode.js';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PolicyDocument } from '../../auth/policy/policy-document.js';
import { Policy } from '../../auth/policy/policy.js';
import { LmdbOnlineStore } from '../../datasources/online/lmdb/lmdb-online-store.js';
import { toClientValue } from '../../values/client-value.js';
import { systemClock } from '../../values/clock.js';
import { benchGateway } from '../bench-gateway.js';
import { benchRegistry } from '../bench-registry.js';
import { fillStore } from '../filled-store.js';
import { openBenchAudit, openBenchDoor, openBenchServedLog } from './bench-door.js';

/**
 * One server of the comparison, in a process of its own. `hot-lane` is the gateway; `policy` is the same with a policy that
 * denies one feature; `api-key` and `token` authenticate each request, `door` and `door-token` have both, and `audit` has an
 * audit log; `served-0.01` keeps the reads of this share of requests; `warm` runs reads before it is ready, as the gateway does; `apollo` is the same without the hot lane; `raw` reads the same rows and writes JSON with no GraphQL at all: the
 * limit.
 */
const ENTITIES = 10_000;
const variant = process.argv[2];

/** One of the ten features is DENIED in every answer. */
const DENYING_POLICY: PolicyDocument = {
  rules: [
    { name: 'read', who: 'EVERYONE', allow: ['READ'] },
    { name: 'but one', who: 'EVERYONE', deny: ['READ'], features: ['f9'] },
  ],
};

const registry = benchRegistry();
const entityType = registry.entityType('bench', 'thing');
const folder = mkdtempSync(join(tmpdir(), 'featuregraph-bench-'));
const store = new LmdbOnlineStore(folder);
await fillStore(store, entityType, ENTITIES);

const door = await openBenchDoor(variant ?? 'hot-lane', folder);
const server =
  variant === 'raw'
    ? rawServer()
    : await benchGateway(registry, store, {
        authenticator: door.authenticator,
        policy: new Policy(['policy', 'door', 'door-token'].includes(variant ?? '') ? DENYING_POLICY : null),
        auditLog: variant === 'audit' ? await openBenchAudit(folder) : null,
        servedLog: await openBenchServedLog(variant ?? '', folder),
        logLevel: 'silent',
        isHotLaneOff: variant === 'apollo',
        isWarm: variant === 'warm',
      });
server.listen(0, '127.0.0.1', () =>
  process.send?.({ port: (server.address() as AddressInfo).port, headers: door.headers }),
);

process.on('message', (message) => {
  if (message === 'cpu') process.send?.({ cpu: process.cpuUsage() });
});
process.on('disconnect', () => {
  rmSync(folder, { recursive: true, force: true });
  process.exit(0);
});

/** Takes the variables of the GraphQL requests and answers with the same values as plain JSON. */
function rawServer(): Server {
  return createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { variables } = JSON.parse(Buffer.concat(chunks).toString()) as {
        variables: { ids: string[]; names: string[] };
      };
      const features = entityType.features.filter(({ name }) => variables.names.includes(name));
      void store.read({ entityType, entityIds: variables.ids, features, now: systemClock() }).then((rows) => {
        const values = rows.map((row) =>
          row.map(({ value }, index) => {
            const feature = features[index];
            return value === null || !feature ? null : toClientValue(feature.valueType, value);
          }),
        );
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify(values));
      });
    });
  });
}
