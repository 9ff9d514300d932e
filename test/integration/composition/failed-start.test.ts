import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openLmdb } from '../../../runtime/lmdb.js';
import { startShopGateway } from '../../support/shop-gateway.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

/** Another process opens the offline store to write: what a supervisor's next try does. */
const OPEN_ELSEWHERE = `
  import { DuckDBInstance } from '@duckdb/node-api';
  (await DuckDBInstance.create(process.argv[1])).closeSync();`;

async function openElsewhere(folder: string): Promise<void> {
  const program = ['--input-type=module', '-e', OPEN_ELSEWHERE, join(folder, 'data/offline.duckdb')];
  await promisify(execFile)(process.execPath, program, { cwd: join(import.meta.dirname, '../../..') });
}

/** What this process has open in a folder, where the system says so. */
function openFiles(folder: string): string[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const path = readlinkSync(join('/proc/self/fd', fd));
      return path.startsWith(folder) ? [path] : [];
    } catch {
      return [];
    }
  });
}

async function freePort(): Promise<number> {
  const server = await listenAt(0);
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function listenAt(port: number): Promise<Server> {
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

async function metricsAnswer(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/metrics`).then(
    () => true,
    () => false,
  );
}

describe('a gateway that could not start', () => {
  it('since another took its port meanwhile leaves nothing open, and starts when the port is free', async () => {
    const folder = temporaryFolder();
    const [port, metricsPort] = [await freePort(), await freePort()];
    const environment = { PORT: String(port), METRICS_PORT: String(metricsPort) };
    let taken: Promise<Server> | undefined;
    const refused = startShopGateway(folder, { environment, onPrepare: () => void (taken ??= listenAt(port)) });
    await expect(refused).rejects.toThrow('the port is in use');
    expect(openFiles(folder)).toEqual([]);
    expect(await metricsAnswer(metricsPort)).toBe(false);
    await openElsewhere(folder);
    const other = await taken!;
    other.close();
    await once(other, 'close');
    const gateway = await startShopGateway(folder, { environment });
    onTestFinished(() => gateway.stop());
    const query = '{ entity(featurestore: "shop", entityType: "customer", entityId: "c1") { features { value } } }';
    const response = await fetch(gateway.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query }),
    });
    expect(await response.json()).toEqual({ data: { entity: { features: [{ value: '7' }] } } });
    expect(await metricsAnswer(metricsPort)).toBe(true);
  });

  it.each(['online', 'costs', 'files', 'work', 'jobs'])(
    'since a file is in the place of the folder "%s" leaves nothing open, and starts when it is gone',
    async (name) => {
      const folder = temporaryFolder();
      mkdirSync(join(folder, 'data'));
      writeFileSync(join(folder, 'data', name), 'no folder');
      await expect(startShopGateway(folder)).rejects.toThrow('a file is in its place');
      expect(openFiles(folder)).toEqual([]);
      await openElsewhere(folder);
      rmSync(join(folder, 'data', name));
      await (await startShopGateway(folder)).stop();
    },
  );

  it('since the record of a job is damaged leaves nothing open, and starts when the jobs are gone', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'data/jobs');
    mkdirSync(path, { recursive: true });
    const jobs = openLmdb({ path, maxDbs: 4 });
    // A map of four billion entries, of which there is none.
    const records = jobs.openDB({ name: 'records', encoding: 'binary' });
    await records.put('job', Buffer.from([0xdf, 0xff, 0xff, 0xff, 0xff]));
    await jobs.close();
    await expect(startShopGateway(folder)).rejects.toThrow();
    expect(openFiles(folder)).toEqual([]);
    rmSync(path, { recursive: true });
    await (await startShopGateway(folder)).stop();
  });

  it('since the SQL of a source is wrong leaves nothing open', async () => {
    const folder = temporaryFolder();
    await expect(startShopGateway(folder, { sql: 'SELECT nothing' })).rejects.toThrow('does not run');
    expect(openFiles(folder)).toEqual([]);
    await (await startShopGateway(folder)).stop();
  });
});
