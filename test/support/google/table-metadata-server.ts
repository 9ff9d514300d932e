import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * Answers what BigQuery knows of tables (tables.get, datasets.get), by project.dataset.table or project.dataset, and nothing else. A table that is a number
 * is refused with that status.
 */
export async function startTableMetadataServer(tables: Readonly<Record<string, object | number>>) {
  const server = createServer(({ method, url = '' }, response) => {
    const { pathname } = new URL(url, 'http://localhost');
    const path = /^\/bigquery\/v2\/projects\/([^/]+)\/datasets\/([^/]+)(?:\/tables\/([^/]+))?$/;
    const name: readonly string[] = (path.exec(pathname)?.slice(1) ?? []).filter(Boolean);
    const answer = (method === 'GET' ? tables[name.join('.')] : undefined) ?? 404;
    const status = typeof answer === 'number' ? answer : 200;
    const body =
      status === 200 ? answer : { error: { code: status, message: `Refused: ${name.join('.')}`, errors: [] } };
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
