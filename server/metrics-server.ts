import { createServer, type Server } from 'node:http';
import type { Registry } from 'prom-client';
import type { IsAllowedHost } from './allowed-hosts.js';
import { respond } from './respond.js';

/**
 * `GET /metrics` on a separate port. Metrics reveal traffic and failures, which not every client may see. An operator
 * can close a port to the outside; a path behind an ingress is easily forgotten.
 */
export function createMetricsServer(registry: Registry, isAllowedHost: IsAllowedHost = () => true): Server {
  return createServer((request, response) => {
    // A page whose site lets its name point here could read the metrics (allowed-hosts.ts).
    if (!isAllowedHost(request)) {
      respond(response, 403, 'text/plain; charset=utf-8', 'The metrics are not reached under this host name.\n');
      return;
    }
    const isScrape = request.url?.split('?')[0] === '/metrics';
    if (!isScrape || request.method !== 'GET') {
      respond(response, 404, 'text/plain; charset=utf-8', 'See GET /metrics\n');
      return;
    }
    registry.metrics().then(
      (text) => respond(response, 200, registry.contentType, text),
      () => respond(response, 500, 'text/plain; charset=utf-8', 'The metrics could not be collected.\n'),
    );
  });
}
