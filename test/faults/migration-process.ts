import { credentials } from '@grpc/grpc-js';
import { PassThroughClient } from 'google-auth-library';
import { openBigQueryClient } from '../../datasources/google/bigquery/client.js';
import { VertexClients } from '../../datasources/google/vertex/vertex-clients.js';
import { runMigration } from '../../migrate/run/run-migration.js';
import { PacedCreations } from '../../migrate/run/paced-creations.js';
import { StateFile } from '../../migrate/state/state-file.js';
import { systemClock } from '../../values/clock.js';

/** A run of a migration until it is killed or comes to a decision: `STATE_FILE VERTEX_PORT BIGQUERY_ENDPOINT`. */
process.env.METADATA_SERVER_DETECTION = 'none';
const [path = '', port = '', apiEndpoint = ''] = process.argv.slice(2);
const state = await StateFile.open(path, systemClock);
const vertex = new VertexClients(state.document.location, {
  apiEndpoint: '127.0.0.1',
  port: Number(port),
  sslCreds: credentials.createInsecure(),
  projectId: state.document.project,
});
const bigQuery = await openBigQueryClient(
  { project: state.document.project },
  { apiEndpoint, authClient: new PassThroughClient() },
);
process.send?.('ready');
await runMigration({
  state,
  services: {
    vertex,
    bigQuery,
    clock: systemClock,
    pollMs: 20,
    featureCreations: new PacedCreations(Infinity),
    createPolicy: { attemptMs: 10_000, totalMs: 60_000, retries: 2, pauseMs: 10 },
  },
  signal: new AbortController().signal,
  confirmed: ['dual-writes'],
  report: () => undefined,
});
await vertex.close();
await state.close();
process.disconnect();
