import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CloudStorageServer } from '../cloud-storage-server.js';
import { json, refuse } from './answers.js';
import { describeObject, meetsPreconditions } from './stored-objects.js';

export interface Upload {
  readonly name: string;
  readonly type: 'multipart' | 'resumable';
  readonly isStored: boolean;
}

interface Session {
  readonly name: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly chunks: Buffer[];
}

/** The uploads of a server, with the sessions of the resumable ones. */
export class Uploads {
  readonly all: Upload[] = [];
  readonly sessions = new Map<string, Session>();
  /** Called before an upload is stored: what a test lets happen in between. */
  onUpload: (name: string) => Promise<void> = async () => undefined;
  /** Called before an object is copied to this name. */
  onCopy: (name: string) => Promise<void> = async () => undefined;
}

type World = Pick<CloudStorageServer, 'contents' | 'uploads'>;

export async function receiveUpload(
  world: World,
  bucket: string,
  query: URLSearchParams,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const type = query.get('uploadType');
  const body = await readBody(request);
  if (request.method === 'POST' && type === 'multipart') {
    const parts = readParts(body, request.headers['content-type'] ?? '');
    const resource = parts && readResource(parts[0]);
    const name = query.get('name') ?? resource?.name;
    if (!parts || !name) refuse(response, 400, 'name or parts');
    else await store(world, bucket, { name, type, metadata: resource?.metadata ?? {}, query }, parts[1], response);
    return;
  }
  if (request.method === 'POST' && type === 'resumable') {
    const resource = readResource(body);
    const name = query.get('name') ?? resource.name;
    if (!name) {
      refuse(response, 400, 'Required object name');
      return;
    }
    const id = randomUUID();
    world.uploads.sessions.set(id, { name, metadata: resource.metadata ?? {}, query, chunks: [] });
    const location = `http://${request.headers.host}/upload/storage/v1/b/${bucket}/o?uploadType=resumable&upload_id=${id}`;
    response.writeHead(200, { location, 'content-length': 0 }).end();
    return;
  }
  const session = world.uploads.sessions.get(query.get('upload_id') ?? '');
  if (request.method !== 'PUT' || !session) {
    refuse(response, session ? 405 : 404, 'no such upload');
    return;
  }
  await receiveChunk(world, bucket, session, { body, range: request.headers['content-range'] }, response);
}

/** Content-Range: bytes FIRST-LAST/TOTAL; * for a question or an unknown total. Absent: all bytes. */
async function receiveChunk(
  world: World,
  bucket: string,
  { name, metadata, query, chunks }: Session,
  { body, range }: { readonly body: Buffer; readonly range: string | undefined },
  response: ServerResponse,
): Promise<void> {
  const kept = chunks.reduce((sum, { length }) => sum + length, 0);
  const [, first = '0', total = String(body.length)] =
    /^bytes (\d+|\*)(?:-(?:\d+|\*))?\/(\d+|\*)$/.exec(range ?? '') ?? [];
  if (first !== '*') {
    if (Number(first) !== kept) {
      refuse(response, 400, `Invalid request: the upload has ${kept} bytes`);
      return;
    }
    chunks.push(body);
  }
  const received = chunks.reduce((sum, { length }) => sum + length, 0);
  // A client that streams bytes of an unknown number ends with its request.
  const isComplete = total === '*' ? first !== '*' : received >= Number(total);
  if (!isComplete) {
    const headers = received > 0 ? { range: `bytes=0-${received - 1}` } : {};
    response.writeHead(308, { ...headers, 'content-length': 0 }).end();
    return;
  }
  await store(world, bucket, { name, type: 'resumable', metadata, query }, Buffer.concat(chunks), response);
}

interface ToStore {
  readonly name: string;
  readonly type: Upload['type'];
  readonly metadata: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
}

async function store(
  { contents, uploads }: World,
  bucket: string,
  { name, type, metadata, query }: ToStore,
  bytes: Buffer,
  response: ServerResponse,
): Promise<void> {
  await uploads.onUpload(name);
  const isStored = meetsPreconditions(query, contents.read(name));
  uploads.all.push({ name, type, isStored });
  if (isStored) json(response, describeObject(bucket, name, contents.write(name, bytes, metadata)));
  else refuse(response, 412, 'At least one of the pre-conditions you specified did not hold.');
}

interface Resource {
  readonly name?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

function readResource(json: Buffer): Resource {
  return json.length === 0 ? {} : (JSON.parse(json.toString()) as Resource);
}

/** The two parts of a multipart/related body, without their headers: the object's resource and its bytes. */
function readParts(body: Buffer, contentType: string): readonly [Buffer, Buffer] | undefined {
  const [, boundary] = /boundary="?([^";]+)"?/.exec(contentType) ?? [];
  const parts: Buffer[] = [];
  const mark = Buffer.from(`--${boundary}`);
  for (let at = body.indexOf(mark); at >= 0;) {
    const next = body.indexOf(mark, at + mark.length);
    if (next < 0) break;
    const part = body.subarray(at + mark.length, next);
    parts.push(part.subarray(part.indexOf('\r\n\r\n') + 4, part.length - 2));
    at = next;
  }
  const [first, second] = parts;
  return first && second && [first, second];
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
