import { credentials } from '@grpc/grpc-js';
import { PassThroughClient } from 'google-auth-library';
import type * as LoadConfig from '../../config/load-config.js';
import type * as Main from '../../main.js';
import type * as LoggerModule from '../../observability/logger.js';
import type * as Shutdown from '../../server/shutdown.js';

/**
 * The built gateway as `featuregraph serve` starts it, but for where its Google clients go: `VERTEX_PORT STORAGE_ENDPOINT
 * BIGQUERY_ENDPOINT`, the servers of a test. Node runs this file as it stands.
 */
const [vertexPort = '', storageEndpoint = '', bigqueryEndpoint] = process.argv.slice(2);
const built = (path: string): Promise<unknown> => import(new URL(`../../dist/${path}`, import.meta.url).href);

const { startGateway } = (await built('main.js')) as typeof Main;
const { loadConfig } = (await built('config/load-config.js')) as typeof LoadConfig;
const { createLogger } = (await built('observability/logger.js')) as typeof LoggerModule;
const { onTerminationSignal } = (await built('server/shutdown.js')) as typeof Shutdown;

const projectId = 'demo-project';
const config = loadConfig();
const logger = createLogger(config.logLevel);
const gateway = await startGateway({
  config,
  logger,
  onPrepare: () => undefined,
  google: {
    vertex: {
      apiEndpoint: '127.0.0.1',
      port: Number(vertexPort),
      sslCreds: credentials.createInsecure(),
      projectId,
    },
    // A fraction of what a gateway waits by itself: a look, a creation and a deadline are met as often, and sooner.
    vertexJobs: {
      pollMs: { first: 100, longest: 1_500 },
      callPolicy: { attemptMs: 3_000, totalMs: 12_000, retries: 4, pauseMs: 50 },
      createPolicy: { creations: 4, maxLookups: 4, pauseMs: 100 },
    },
    ...(bigqueryEndpoint === undefined
      ? {}
      : { bigquery: { apiEndpoint: bigqueryEndpoint, authClient: new PassThroughClient() } }),
    storage: { apiEndpoint: storageEndpoint, projectId, authClient: new PassThroughClient() },
  },
});
onTerminationSignal(logger, gateway.stop);
logger.info({ url: gateway.url }, 'featuregraph is ready');
