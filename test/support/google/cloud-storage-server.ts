import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface CloudStorageServer {
  /** What the client's constructor takes to come here. */
  readonly apiEndpoint: string;
  /** Objects by bucket and name. */
  readonly objects: Map<string, string>;
  /** Names of objects whose download breaks off half-way. */
  readonly broken: Set<string>;
  /** The location of each bucket, as the API writes it: EUROPE-WEST4, EU. Only the bucket of the server has objects. */
  readonly locations: Map<string, string>;
  /** Downloads that have ended, and whether all of the object was sent. */
  readonly downloads: { readonly name: string; readonly isWhole: boolean }[];
  stop(): Promise<void>;
}

type World = Pick<CloudStorageServer, 'objects' | 'broken' | 'downloads' | 'locations'>;

/** Objects on a page of a list: few, so that paging happens. */
const PAGE_SIZE = 2;

/** Cloud Storage's JSON API as far as results need it: list by prefix, download, and upload in one request. */
export async function startCloudStorageServer(bucket: string): Promise<CloudStorageServer> {
  const world: World = { objects: new Map(), broken: new Set(), downloads: [], locations: new Map() };
  const server = createServer((request, response) => {
    answer(bucket, world, request, response).catch((error: unknown) => refuse(response, 500, String(error)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    apiEndpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...world,
    stop: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function answer(
  bucket: string,
  { objects, broken, downloads, locations }: World,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://storage');
  const [, described] = /^\/storage\/v1\/b\/([^/]+)$/.exec(pathname) ?? [];
  if (described !== undefined && request.method === 'GET') {
    const location = locations.get(described);
    if (location === undefined) refuse(response, 404, 'The specified bucket does not exist.');
    else response.setHeader('content-type', 'application/json').end(JSON.stringify({ name: described, location }));
    return;
  }
  const [, upload, askedBucket, object] =
    /^(\/upload)?\/storage\/v1\/b\/([^/]+)\/o(?:\/([^/]+))?$/.exec(pathname) ?? [];
  if (askedBucket === undefined) {
    refuse(response, 404, `no such path: ${pathname}`);
    return;
  }
  if (askedBucket !== bucket) {
    refuse(response, 404, 'The specified bucket does not exist.');
    return;
  }
  if (upload && request.method === 'POST') {
    const name = searchParams.get('name');
    if (!name || searchParams.get('uploadType') !== 'multipart') {
      refuse(response, 400, 'name or uploadType');
      return;
    }
    const content = readUploadContent(await readBody(request), request.headers['content-type'] ?? '');
    objects.set(name, content);
    const md5Hash = createHash('md5').update(content).digest('base64');
    json(response, { kind: 'storage#object', bucket, name, md5Hash });
    return;
  }
  if (request.method !== 'GET') {
    refuse(response, 405, 'method');
    return;
  }
  if (object === undefined) {
    list(bucket, objects, searchParams, response);
    return;
  }
  const name = decodeURIComponent(object);
  const content = objects.get(name);
  if (content === undefined) {
    refuse(response, 404, 'No such object');
    return;
  }
  if (searchParams.get('alt') !== 'media') {
    json(response, { bucket, name });
    return;
  }
  const bytes = Buffer.from(content);
  response.on('close', () => downloads.push({ name, isWhole: response.writableFinished && !broken.has(name) }));
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': bytes.length });
  if (!broken.has(name)) response.end(bytes);
  else response.write(bytes.subarray(0, bytes.length / 2), () => response.destroy());
}

function list(bucket: string, objects: Map<string, string>, query: URLSearchParams, response: ServerResponse): void {
  const names = [...objects.keys()].filter((name) => name.startsWith(query.get('prefix') ?? '')).sort();
  const start = Number(query.get('pageToken') ?? 0);
  const items = names.slice(start, start + PAGE_SIZE).map((name) => ({ kind: 'storage#object', bucket, name }));
  const isLast = start + PAGE_SIZE >= names.length;
  json(response, { kind: 'storage#objects', items, ...(isLast ? {} : { nextPageToken: String(start + PAGE_SIZE) }) });
}

/** The second part of a multipart/related body: the first is the object's metadata. */
function readUploadContent(body: string, contentType: string): string {
  const boundary = /boundary="?([^";]+)"?/.exec(contentType)?.[1];
  const part = body.split(`--${boundary}`)[2] ?? '';
  return part.slice(part.indexOf('\r\n\r\n') + 4).replace(/\r\n$/, '');
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

function json(response: ServerResponse, body: object): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function refuse(response: ServerResponse, code: number, message: string): void {
  response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify({ error: { code, message } }));
}
