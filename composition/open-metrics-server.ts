import type { Server } from 'node:http';
import { collectDefaultMetrics, type Registry as MetricsRegistry } from 'prom-client';
import type { Config } from '../config/config.js';
import { allowedMetricsHosts } from '../server/allowed-hosts.js';
import { listen, type ListenAddress } from '../server/listen.js';
import { createMetricsServer } from '../server/metrics-server.js';

/** Serves the metrics on a port of their own, with those of the process. */
export async function openMetricsServer(
  registry: MetricsRegistry,
  address: ListenAddress,
  { host, allowedHosts }: Pick<Config, 'host' | 'allowedHosts'>,
): Promise<Server> {
  const server = createMetricsServer(registry, allowedMetricsHosts(host, allowedHosts));
  collectDefaultMetrics({ register: registry });
  await listen(server, address);
  return server;
}
