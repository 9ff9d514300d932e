import { z } from 'zod';
import { auditVariables } from './audit-config.js';
import { parseBudgets } from './budgets.js';
import { embeddedStoresVariables } from './embedded-stores-config.js';
import { federationVariables } from './federation-config.js';
import { openLineageVariables, refuseUnusedLineage, toOpenLineage } from './open-lineage-config.js';
import { outputDatasetVariables } from './output-dataset-config.js';
import {
  refuseOutputsWithoutSharedFiles,
  refuseSharedFilesAlone,
  severalGatewaysVariables,
  toSharedJobs,
} from './several-gateways-config.js';
import { refuseHalfOfTls, tlsVariables, toTls } from './tls-config.js';
import { refuseSharedServedLog, servedLogVariables, toServedLog } from './served-log-config.js';
import { refuseOnlyWithoutManifest, trustedDocumentsVariables } from './trusted-documents-config.js';

/**
 * The configuration, all from environment variables. .env.example lists them; a test compares the two. Defaults are
 * safe: the gateway listens on this machine only, and introspection can be closed.
 */
const port = z.coerce.number().int().min(0).max(65535);
const bytes = z.coerce.number().int().min(1024);
/** 0 is no limit. */
const rate = z.coerce
  .number()
  .int()
  .min(0)
  .max(1_000_000_000)
  .transform((points) => (points === 0 ? null : points));
const flag = z.enum(['true', 'false']).transform((text) => text === 'true');

function splitList(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean);
}

export const configVariables = {
  FEATUREGRAPH_REGISTRY: z
    .string()
    .min(1)
    .optional()
    .describe(
      'The path of the registry file. Empty: the example registry of US flights, if this is a clone of the repository.',
    ),
  FEATUREGRAPH_POLICY: z
    .string()
    .min(1)
    .optional()
    .describe('The path of the policy file: who may do what (docs/policy.md). Empty: every client may do everything.'),
  FEATUREGRAPH_DATA_DIR: z
    .string()
    .min(1)
    .default('.featuregraph')
    .describe('The folder of the embedded stores. The gateway creates it if it does not exist.'),
  ...auditVariables,
  ...servedLogVariables,
  ...openLineageVariables,
  HOST: z.string().min(1).default('127.0.0.1').describe('The address to listen on. 0.0.0.0 listens on all networks.'),
  PORT: port.default(4000).describe('The port to listen on. 0: any free port.'),
  ...tlsVariables,
  METRICS_PORT: port
    .optional()
    .describe('The port of GET /metrics for Prometheus, at the same address. Empty: no metrics. 0: any free port.'),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('The lowest level that is logged: trace, debug, info, warn, error or silent.'),
  OTEL_EXPORTER_OTLP_ENDPOINT: z
    .url()
    .optional()
    .describe(
      'The URL of an OpenTelemetry collector that gets traces, e.g. http://localhost:4318. All other variables of OpenTelemetry apply too (docs/operations.md). Empty: no traces.',
    ),
  FEATUREGRAPH_GRAPHIQL: flag.default(true).describe('Serve the GraphiQL page to browsers at /graphql.'),
  FEATUREGRAPH_INTROSPECTION: flag.default(true).describe('Allow introspection of the schema. GraphiQL needs it.'),
  ...trustedDocumentsVariables,
  ...federationVariables,
  FEATUREGRAPH_AUTHENTICATION: z
    .string()
    .min(1)
    .optional()
    .describe(
      'The path of the authentication file (docs/authentication.md). Empty: the mode "open". Every client that reaches the gateway can do everything, so it listens only on a loopback address.',
    ),
  FEATUREGRAPH_ALLOW_UNAUTHENTICATED: flag
    .default(false)
    .describe(
      'DANGEROUS. Permits addresses other than loopback without authentication. Use it only if a proxy or network in front of the gateway decides who reaches it.',
    ),
  FEATUREGRAPH_TOKEN: z
    .string()
    .min(1)
    .optional()
    .describe('The token or API key that the commands send to a gateway. The gateway itself does not read it.'),
  K_SERVICE: z
    .string()
    .min(1)
    .optional()
    .describe('Set by Cloud Run in its containers; do not set it. The method "cloudRun" needs it.'),
  FEATUREGRAPH_MAX_REQUESTS_PER_SECOND: rate
    .prefault(1_000)
    .describe(
      'The requests and subscriptions that one principal may send in a second. 0: no limit. The mode "open" has none.',
    ),
  FEATUREGRAPH_MAX_INGEST_ROWS_PER_SECOND: rate
    .prefault(50_000)
    .describe(
      'The rows that one principal may send to POST /ingest in a second; more are read later. 0: no limit. The mode "open" has none.',
    ),
  FEATUREGRAPH_CORS_ORIGINS: z
    .string()
    .default('')
    .transform(splitList)
    .describe('Web origins whose pages may call the API, separated by commas.'),
  FEATUREGRAPH_ALLOWED_HOSTS: z
    .string()
    .default('')
    .transform((text) => splitList(text).map((host) => host.toLowerCase()))
    .describe(
      'Host names under which clients reach the gateway, without ports, separated by commas. If HOST is a loopback address, localhost is always permitted. Empty: every name, if HOST is another address.',
    ),
  FEATUREGRAPH_MAX_BODY_BYTES: bytes.default(1_048_576).describe('The maximum size of a request body, in bytes.'),
  FEATUREGRAPH_MAX_QUERY_COST: z.coerce
    .number()
    .int()
    .min(1)
    .default(1_000_000)
    .describe('The maximum cost of a request in points: about the values and objects of its answer (docs/limits.md).'),
  FEATUREGRAPH_MAX_RESPONSE_BYTES: bytes
    .default(67_108_864)
    .describe('The maximum size of an answer, in bytes. A larger answer becomes the error RESPONSE_TOO_LARGE.'),
  FEATUREGRAPH_LIMITS: z
    .enum(['enforce', 'measure'])
    .default('enforce')
    .describe(
      'What happens to a request above the limit of cost or the capacity of the process: enforce refuses it; measure logs and counts it, and runs it (docs/limits.md).',
    ),
  ...embeddedStoresVariables,
  FEATUREGRAPH_PRICE_BOOKS: z
    .string()
    .min(1)
    .optional()
    .describe(
      'The path of a price book, or of a folder of price books (docs/costs.md). Empty: the price books of featuregraph.',
    ),
  FEATUREGRAPH_PRICE_BOOK: z
    .string()
    .min(1)
    .default('google-us-central1')
    .describe('The default price book of estimates.'),
  FEATUREGRAPH_DAILY_BUDGETS_USD: z
    .string()
    .default('')
    .transform(parseBudgets)
    .describe(
      'Budgets in US dollars for each day (UTC) and principal, e.g. user:alice@example.com=50,key:ci=500,*=10. * is each other principal (docs/costs.md). Empty: no limit.',
    ),
  ...severalGatewaysVariables,
  ...outputDatasetVariables,
  FEATUREGRAPH_SHUTDOWN_DELAY_MS: z.coerce
    .number()
    .int()
    .min(0)
    .default(0)
    .describe(
      'Milliseconds between reporting "not ready" and refusing connections. It gives a load balancer time to react.',
    ),
  FEATUREGRAPH_SHUTDOWN_GRACE_MS: z.coerce
    .number()
    .int()
    .min(0)
    .default(10_000)
    .describe(
      'Milliseconds that a stop waits for requests in flight before it cuts them off. Closing the stores takes additional time.',
    ),
} satisfies Record<string, z.ZodType>;

const configSchema = z
  .object(configVariables)
  .superRefine(refuseHalfOfTls)
  .superRefine(refuseOnlyWithoutManifest)
  .superRefine(refuseSharedFilesAlone)
  .superRefine(refuseOutputsWithoutSharedFiles)
  .superRefine(refuseSharedServedLog)
  .superRefine(refuseUnusedLineage)
  .transform((variables) => ({
    registryPath: variables.FEATUREGRAPH_REGISTRY ?? null,
    policyPath: variables.FEATUREGRAPH_POLICY ?? null,
    auditFolder: variables.FEATUREGRAPH_AUDIT_FOLDER ?? null,
    auditKeyFile: variables.FEATUREGRAPH_AUDIT_KEY_FILE ?? null,
    auditMaxFileBytes: variables.FEATUREGRAPH_AUDIT_MAX_FILE_BYTES,
    isAuditRequired: variables.FEATUREGRAPH_AUDIT_REQUIRED,
    servedLog: toServedLog(variables),
    openLineage: toOpenLineage(variables),
    dataDirectory: variables.FEATUREGRAPH_DATA_DIR,
    host: variables.HOST,
    port: variables.PORT,
    tls: toTls(variables),
    isTraced: variables.OTEL_EXPORTER_OTLP_ENDPOINT !== undefined,
    metricsPort: variables.METRICS_PORT ?? null,
    logLevel: variables.LOG_LEVEL,
    isGraphiqlServed: variables.FEATUREGRAPH_GRAPHIQL,
    isIntrospectionAllowed: variables.FEATUREGRAPH_INTROSPECTION,
    trustedDocumentsPath: variables.FEATUREGRAPH_TRUSTED_DOCUMENTS ?? null,
    areOnlyTrustedDocumentsAnswered: variables.FEATUREGRAPH_TRUSTED_DOCUMENTS_ONLY,
    isFederated: variables.FEATUREGRAPH_FEDERATION,
    authenticationPath: variables.FEATUREGRAPH_AUTHENTICATION ?? null,
    allowsUnauthenticated: variables.FEATUREGRAPH_ALLOW_UNAUTHENTICATED,
    isCloudRun: variables.K_SERVICE !== undefined,
    maxRequestsPerSecond: variables.FEATUREGRAPH_MAX_REQUESTS_PER_SECOND,
    maxRowsPerSecond: variables.FEATUREGRAPH_MAX_INGEST_ROWS_PER_SECOND,
    token: variables.FEATUREGRAPH_TOKEN ?? null,
    corsOrigins: variables.FEATUREGRAPH_CORS_ORIGINS,
    allowedHosts: variables.FEATUREGRAPH_ALLOWED_HOSTS,
    maxBodyBytes: variables.FEATUREGRAPH_MAX_BODY_BYTES,
    maxQueryCost: variables.FEATUREGRAPH_MAX_QUERY_COST,
    maxResponseBytes: variables.FEATUREGRAPH_MAX_RESPONSE_BYTES,
    limitMode: variables.FEATUREGRAPH_LIMITS,
    duckDbMemoryBytes: variables.FEATUREGRAPH_DUCKDB_MEMORY_BYTES,
    maxHistoryRows: variables.FEATUREGRAPH_HISTORY_ROWS,
    priceBooksPath: variables.FEATUREGRAPH_PRICE_BOOKS ?? null,
    priceBook: variables.FEATUREGRAPH_PRICE_BOOK,
    dailyBudgetsUsd: variables.FEATUREGRAPH_DAILY_BUDGETS_USD,
    areSchedulesKept: variables.FEATUREGRAPH_SCHEDULES,
    sharedJobs: toSharedJobs(variables),
    outputDataset: variables.FEATUREGRAPH_OUTPUT_DATASET ?? null,
    shutdownDelayMs: variables.FEATUREGRAPH_SHUTDOWN_DELAY_MS,
    shutdownGraceMs: variables.FEATUREGRAPH_SHUTDOWN_GRACE_MS,
  }));

export type Config = Readonly<z.infer<typeof configSchema>>;
export { configSchema };
