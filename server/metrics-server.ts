import { createServer, type Server } from 'node:http';
import type { Registry } from 'prom-client';
import { respond } from './respond.js';

/**
 * `GET /metrics` on a separate port. Metrics reveal traffic and failures, which not every client may see. An operator
 * can close a port to the outside; a path behind an ingress is easily forgotten.
 */
export function createMetricsServer(registry: Registry): Server {
  return createServer((request, response) => {
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
