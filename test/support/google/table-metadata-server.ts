import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Answers what BigQuery knows of tables (tables.get), by project.dataset.table, and nothing else. */
export async function startTableMetadataServer(tables: Readonly<Record<string, object>>) {
  const server = createServer(({ method, url = '' }, response) => {
    const { pathname } = new URL(url, 'http://localhost');
    const [, ...name] = /^\/bigquery\/v2\/projects\/([^/]+)\/datasets\/([^/]+)\/tables\/([^/]+)$/.exec(pathname) ?? [];
    const table = method === 'GET' ? tables[name.join('.')] : undefined;
    const body = table ?? { error: { code: 404, message: 'Not found', errors: [{ reason: 'notFound' }] } };
    response.writeHead(table ? 200 : 404, { 'content-type': 'application/json' }).end(JSON.stringify(body));
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
