import { Counter, Gauge, type Registry } from 'prom-client';
import { BufferedCounter, BufferedHistogram } from './buffered-metrics.js';

/** Seconds. Online responses take milliseconds, historical ones up to a minute. */
const DURATION_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const BATCH_BUCKETS = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000];

export type GatewayMetrics = ReturnType<typeof createGatewayMetrics>;

/**
 * The gateway's metrics for Prometheus. Labels have few values, which the gateway or the registry defines. A series
 * exists until the process ends. If a client could choose a label (an entity id, an operation's name), it could fill
 * the memory, and the metrics would show user data to all their readers.
 */
export function createGatewayMetrics(registry: Registry) {
  const registers = [registry];
  const requests = new BufferedHistogram({
    name: 'http_server_request_duration_seconds',
    help: 'HTTP requests by method, route and status, from the head of the request to the end of the answer.',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: DURATION_BUCKETS,
    registers,
  });
  const operations = new BufferedHistogram({
    name: 'graphql_operation_duration_seconds',
    help: 'GraphQL operations, by type (none: not parsed), kind of the principal and outcome: ok, partial (some fields failed) or failed (no data). Of a subscription, what comes before its first event.',
    labelNames: ['type', 'outcome', 'principal'] as const,
    buckets: DURATION_BUCKETS,
    registers,
  });
  const errors = new Counter({
    name: 'graphql_errors_total',
    help: 'Errors in GraphQL answers and events, by code (docs/errors.md).',
    labelNames: ['code'] as const,
    registers,
  });
  const authentications = new BufferedCounter({
    name: 'featuregraph_authentications_total',
    help: 'Requests and sockets that said who asks, by kind of the principal (none: refused) and outcome: ok, none (no credentials), invalid, expired or unavailable (the identity provider).',
    labelNames: ['principal', 'outcome'] as const,
    registers,
  });
  const subscriptions = new Gauge({
    name: 'featuregraph_open_subscriptions',
    help: 'Subscriptions that are followed now, over WebSocket and server-sent events.',
    registers,
  });
  const batches = new BufferedHistogram({
    name: 'dataloader_batch_size',
    help: 'Entities that one read of a store was asked for: now (online), or as of moments (point_in_time; online_as_of where the online store has them).',
    labelNames: ['read'] as const,
    buckets: BATCH_BUCKETS,
    registers,
  });
  const reads = new BufferedHistogram({
    name: 'featuregraph_store_read_duration_seconds',
    help: 'Reads of a store, by kind of read and outcome: ok or failed.',
    labelNames: ['read', 'outcome'] as const,
    buckets: DURATION_BUCKETS,
    registers,
  });
  const values = new BufferedCounter({
    name: 'feature_values_total',
    help: 'Feature values read, by entity type and status: PRESENT, NULL, NOT_FOUND or EXPIRED.',
    labelNames: ['featurestore', 'entity_type', 'status'] as const,
    registers,
  });
  const jobs = new Counter({
    name: 'jobs_total',
    help: 'Jobs that entered a state, by kind.',
    labelNames: ['kind', 'state'] as const,
    registers,
  });
  const limits = new Counter({
    name: 'featuregraph_limits_reached_total',
    help: 'Requests that reached a limit: cost, work_in_flight, event_loop or heap. enforced is false in the mode "measure".',
    labelNames: ['limit', 'enforced'] as const,
    registers,
  });
  const documents = new Counter({
    name: 'featuregraph_trusted_documents_total',
    help: 'Operations of trusted documents, by the id of the document and outcome: ok, partial or failed.',
    labelNames: ['document', 'outcome'] as const,
    registers,
  });
  const statistics = new Counter({
    name: 'featuregraph_statistics_total',
    help: 'Statistics of features: kept (of an unchanged history), computed, or unversioned (computed each time, because the store has no version of its data).',
    labelNames: ['answer'] as const,
    registers,
  });
  return {
    statistics: (answer: string): void => statistics.inc({ answer: answer.toLowerCase() }),
    /** The operator chose the ids, and a manifest has a bounded number. */
    trustedDocument: (document: string, outcome: OperationLabels['outcome']): void =>
      documents.inc({ document, outcome }),
    limit: (limit: string, isEnforced: boolean): void => limits.inc({ limit, enforced: String(isEnforced) }),
    request: (labels: { method: string; route: string; status: number }, seconds: number): void =>
      requests.observe(`${labels.method} ${labels.route} ${labels.status}`, labels, seconds),
    operation: (labels: OperationLabels, seconds: number): void =>
      operations.observe(
        `${labels.type} ${labels.outcome} ${labels.principal}`,
        { type: labels.type, outcome: labels.outcome, principal: labels.principal },
        seconds,
      ),
    /** The kind of the principal and never its name: names are many, and are personal. */
    authentication: (principal: string, outcome: AuthenticationOutcome): void =>
      authentications.add(`${principal} ${outcome}`, { principal, outcome }),
    error: (code: string): void => errors.inc({ code }),
    /** Returns the function to call when the subscription has ended; calling it again changes nothing. */
    subscription: (): (() => void) => {
      let isOpen = true;
      subscriptions.inc();
      return () => {
        if (isOpen) subscriptions.dec();
        isOpen = false;
      };
    },
    read: (read: StoreReadKind, outcome: 'ok' | 'failed', entities: number, seconds: number): void => {
      batches.observe(read, { read }, entities);
      reads.observe(`${read} ${outcome}`, { read, outcome }, seconds);
    },
    values: (entityType: EntityTypeLabels, counts: ReadonlyMap<string, number>): void => {
      const labels = { featurestore: entityType.featurestore.name, entity_type: entityType.name };
      const key = `${labels.featurestore} ${labels.entity_type}`;
      for (const [status, count] of counts) values.add(`${key} ${status}`, { ...labels, status }, count);
    },
    job: (kind: string, state: string): void => jobs.inc({ kind, state }),
  };
}

export type AuthenticationOutcome = 'ok' | 'none' | 'invalid' | 'expired' | 'unavailable';

interface OperationLabels {
  readonly type: string;
  readonly outcome: 'ok' | 'partial' | 'failed';
  /** The kind of the principal. */
  readonly principal: string;
}

export type StoreReadKind = 'online' | 'online_as_of' | 'point_in_time';

interface EntityTypeLabels {
  readonly name: string;
  readonly featurestore: { readonly name: string };
}
