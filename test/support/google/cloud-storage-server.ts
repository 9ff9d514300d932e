import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  describeObject,
  meetsPreconditions,
  StoredObjects,
  type StoredObject,
} from './cloud-storage/stored-objects.js';
import { receiveUpload, Uploads } from './cloud-storage/uploads.js';
import { json, refuse } from './cloud-storage/answers.js';

export interface CloudStorageServer {
  /** What the client's constructor takes to come here. */
  readonly apiEndpoint: string;
  /** Objects by their names, as text. */
  readonly objects: Map<string, string>;
  /** The same objects as bytes, with their generations and metadata. */
  readonly contents: StoredObjects;
  /** What uploads were asked for, and what came of them. `onUpload` is called before each one is stored. */
  readonly uploads: Uploads;
  /** Names of objects whose download breaks off half-way. */
  readonly broken: Set<string>;
  /** The location of each bucket, as the API writes it: EUROPE-WEST4, EU. Only the bucket of the server has objects. */
  readonly locations: Map<string, string>;
  /** Downloads that have ended, and whether all of the object was sent. */
  readonly downloads: { readonly name: string; readonly isWhole: boolean }[];
  stop(): Promise<void>;
}

type World = Pick<CloudStorageServer, 'objects' | 'broken' | 'downloads' | 'locations' | 'contents' | 'uploads'>;

/** Objects on a page of a list: few, so that paging happens. */
const PAGE_SIZE = 2;

/**
 * Cloud Storage's JSON API as far as results and shared files need it: list by prefix, metadata, download, delete,
 * uploads in one request and resumable ones, generations and their preconditions.
 */
export async function startCloudStorageServer(bucket: string): Promise<CloudStorageServer> {
  const objects = new Map<string, string>();
  const world: World = {
    objects,
    contents: new StoredObjects(objects),
    uploads: new Uploads(),
    broken: new Set(),
    downloads: [],
    locations: new Map(),
  };
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

async function answer(bucket: string, world: World, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://storage');
  const [, described] = /^\/storage\/v1\/b\/([^/]+)$/.exec(pathname) ?? [];
  if (described !== undefined && request.method === 'GET') {
    const location = world.locations.get(described);
    if (location === undefined) refuse(response, 404, 'The specified bucket does not exist.');
    else json(response, { name: described, location });
    return;
  }
  const [, from, to] =
    new RegExp(`^/storage/v1/b/${bucket}/o/([^/]+)/rewriteTo/b/${bucket}/o/([^/]+)$`).exec(pathname) ?? [];
  if (from !== undefined && to !== undefined && request.method === 'POST') {
    await rewrite(
      bucket,
      world,
      decodeURIComponent(from),
      { to: decodeURIComponent(to), query: searchParams },
      response,
    );
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
  if (upload) {
    await receiveUpload(world, bucket, searchParams, request, response);
    return;
  }
  if (object === undefined) {
    if (request.method === 'GET') list(bucket, world, searchParams, response);
    else refuse(response, 405, 'method');
    return;
  }
  const name = decodeURIComponent(object);
  const stored = world.contents.read(name);
  const asked = searchParams.get('generation');
  if (stored === undefined || (asked !== null && asked !== stored.generation)) {
    refuse(response, 404, 'No such object');
    return;
  }
  if (!meetsPreconditions(searchParams, stored)) {
    refuse(response, 412, 'At least one of the pre-conditions you specified did not hold.');
    return;
  }
  if (request.method === 'DELETE') {
    world.objects.delete(name);
    response.writeHead(204).end();
    return;
  }
  if (request.method !== 'GET') {
    refuse(response, 405, 'method');
    return;
  }
  if (searchParams.get('alt') !== 'media') {
    json(response, describeObject(bucket, name, stored));
    return;
  }
  download(world, name, stored, response);
}

/** A copy in the same bucket is done in one step. Without metadata in the request, it has those of its source. */
async function rewrite(
  bucket: string,
  { contents, uploads }: World,
  from: string,
  { to, query }: { readonly to: string; readonly query: URLSearchParams },
  response: ServerResponse,
): Promise<void> {
  await uploads.onCopy(to);
  const source = contents.read(from);
  if (source === undefined) refuse(response, 404, 'No such object');
  else if (!meetsPreconditions(query, contents.read(to))) {
    refuse(response, 412, 'At least one of the pre-conditions you specified did not hold.');
  } else {
    const resource = describeObject(bucket, to, contents.write(to, source.bytes, source.metadata));
    json(response, { kind: 'storage#rewriteResponse', done: true, resource });
  }
}

function download({ broken, downloads }: World, name: string, { bytes }: StoredObject, response: ServerResponse): void {
  response.on('close', () => downloads.push({ name, isWhole: response.writableFinished && !broken.has(name) }));
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': bytes.length });
  if (!broken.has(name)) response.end(bytes);
  else response.write(bytes.subarray(0, bytes.length / 2), () => response.destroy());
}

function list(bucket: string, { objects, contents }: World, query: URLSearchParams, response: ServerResponse): void {
  const names = [...objects.keys()].filter((name) => name.startsWith(query.get('prefix') ?? '')).sort();
  const start = Number(query.get('pageToken') ?? 0);
  const items = names.slice(start, start + PAGE_SIZE).map((name) => describeObject(bucket, name, contents.read(name)!));
  const isLast = start + PAGE_SIZE >= names.length;
  json(response, { kind: 'storage#objects', items, ...(isLast ? {} : { nextPageToken: String(start + PAGE_SIZE) }) });
}
