import { z } from 'zod';
import { parseBudgets } from './budgets.js';

/**
 * What can be set from outside, all by environment variables. .env.example lists them; a test keeps the two equal.
 * Defaults are safe: the gateway listens on this machine only, and introspection can be closed.
 */
const port = z.coerce.number().int().min(0).max(65535);
const bytes = z.coerce.number().int().min(1024);
const flag = z.enum(['true', 'false']).transform((text) => text === 'true');

export const configVariables = {
  FEATUREGRAPH_REGISTRY: z
    .string()
    .min(1)
    .optional()
    .describe('The registry file. Nothing: the example with US flights, in a clone.'),
  FEATUREGRAPH_DATA_DIR: z
    .string()
    .min(1)
    .default('.featuregraph')
    .describe('The folder of the embedded stores. Made if it is not there.'),
  HOST: z.string().min(1).default('127.0.0.1').describe('The address to listen on. 0.0.0.0 is every network.'),
  PORT: port.default(4000).describe('The port to listen on. 0 takes a free one.'),
  METRICS_PORT: port
    .optional()
    .describe('The port of GET /metrics for Prometheus, at the same address. Nothing: not served. 0 takes a free one.'),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('What is logged: trace, debug, info, warn, error or silent.'),
  FEATUREGRAPH_GRAPHIQL: flag.default(true).describe('Serve the GraphiQL page to browsers at /graphql.'),
  FEATUREGRAPH_INTROSPECTION: flag.default(true).describe('Let clients ask for the schema. GraphiQL needs it.'),
  FEATUREGRAPH_CORS_ORIGINS: z
    .string()
    .default('')
    .transform((text) =>
      text
        .split(',')
        .map((origin) => origin.trim())
        .filter(Boolean),
    )
    .describe('Web origins that may call the API from a browser, separated by commas.'),
  FEATUREGRAPH_MAX_BODY_BYTES: bytes.default(1_048_576).describe('The largest request body in bytes.'),
  FEATUREGRAPH_MAX_QUERY_COST: z.coerce
    .number()
    .int()
    .min(1)
    .default(1_000_000)
    .describe('The most feature values and objects one request may ask for (docs/limits.md).'),
  FEATUREGRAPH_PRICE_BOOKS: z
    .string()
    .min(1)
    .optional()
    .describe(
      'A price book of your own, or a folder of them (docs/costs.md). Nothing: those that come with featuregraph.',
    ),
  FEATUREGRAPH_PRICE_BOOK: z
    .string()
    .min(1)
    .default('google-us-central1')
    .describe('The price book that estimates use unless a request names one.'),
  FEATUREGRAPH_DAILY_BUDGETS_USD: z
    .string()
    .default('')
    .transform(parseBudgets)
    .describe(
      'Dollars a day (UTC) by principal, e.g. alice=50,anonymous=0,*=10; * is everybody else. Nothing: no limit.',
    ),
  FEATUREGRAPH_SCHEDULES: flag
    .default(true)
    .describe('Sync feature views by their schedules. Of several gateways over the same stores, one is enough.'),
  FEATUREGRAPH_SHUTDOWN_DELAY_MS: z.coerce
    .number()
    .int()
    .min(0)
    .default(0)
    .describe('Milliseconds between "not ready" and refusing connections, for a load balancer to notice.'),
  FEATUREGRAPH_SHUTDOWN_GRACE_MS: z.coerce
    .number()
    .int()
    .min(0)
    .default(10_000)
    .describe(
      'Milliseconds after which a stop cuts off the requests that still run. Closing what is behind them is extra.',
    ),
} satisfies Record<string, z.ZodType>;

const configSchema = z.object(configVariables).transform((variables) => ({
  registryPath: variables.FEATUREGRAPH_REGISTRY ?? null,
  dataDirectory: variables.FEATUREGRAPH_DATA_DIR,
  host: variables.HOST,
  port: variables.PORT,
  metricsPort: variables.METRICS_PORT ?? null,
  logLevel: variables.LOG_LEVEL,
  isGraphiqlServed: variables.FEATUREGRAPH_GRAPHIQL,
  isIntrospectionAllowed: variables.FEATUREGRAPH_INTROSPECTION,
  corsOrigins: variables.FEATUREGRAPH_CORS_ORIGINS,
  maxBodyBytes: variables.FEATUREGRAPH_MAX_BODY_BYTES,
  maxQueryCost: variables.FEATUREGRAPH_MAX_QUERY_COST,
  priceBooksPath: variables.FEATUREGRAPH_PRICE_BOOKS ?? null,
  priceBook: variables.FEATUREGRAPH_PRICE_BOOK,
  dailyBudgetsUsd: variables.FEATUREGRAPH_DAILY_BUDGETS_USD,
  areSchedulesKept: variables.FEATUREGRAPH_SCHEDULES,
  shutdownDelayMs: variables.FEATUREGRAPH_SHUTDOWN_DELAY_MS,
  shutdownGraceMs: variables.FEATUREGRAPH_SHUTDOWN_GRACE_MS,
}));

export type Config = Readonly<z.infer<typeof configSchema>>;
export { configSchema };
