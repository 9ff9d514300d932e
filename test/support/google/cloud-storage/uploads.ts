import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CloudStorageServer } from '../cloud-storage-server.js';
import { json, refuse } from './answers.js';
import { describeObject, meetsPreconditions, type StoredObject } from './stored-objects.js';
import { readContentRange, UploadSession } from './upload-session.js';

export interface Upload {
  readonly name: string;
  readonly type: 'multipart' | 'resumable';
  readonly isStored: boolean;
}

/** The uploads of a server, with the sessions of the resumable ones. */
export class Uploads {
  readonly all: Upload[] = [];
  readonly sessions = new Map<string, UploadSession>();
  /** Called before an upload is stored: what a test lets happen in between. */
  onUpload: (name: string) => Promise<void> = async () => undefined;
  /**
   * Called before a chunk of a resumable upload is kept: how the connection breaks. Bytes: after so many of the chunk.
   * ANSWER: after all of them, before the answer.
   */
  onChunk: (name: string, first: number) => 'ANSWER' | number | null = () => null;
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
  if (request.method === 'PUT') {
    await continueUpload(world, bucket, query.get('upload_id') ?? '', request, response);
    return;
  }
  const body = await readBody(request);
  if (request.method === 'POST' && type === 'multipart') {
    const parts = readParts(body, request.headers['content-type'] ?? '');
    const resource = parts && readResource(parts[0]);
    const name = query.get('name') ?? resource?.name;
    if (!parts || !name) refuse(response, 400, 'name or parts');
    else {
      const stored = await tryToStore(world, { name, type, metadata: resource?.metadata ?? {}, query }, parts[1]);
      answerStored(bucket, name, stored, response);
    }
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
    world.uploads.sessions.set(id, new UploadSession(name, resource.metadata ?? {}, query));
    const location = `http://${request.headers.host}/upload/storage/v1/b/${bucket}/o?uploadType=resumable&upload_id=${id}`;
    response.writeHead(200, { location, 'content-length': 0 }).end();
    return;
  }
  refuse(response, 400, 'uploadType');
}

async function continueUpload(
  world: World,
  bucket: string,
  id: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { uploads } = world;
  const session = uploads.sessions.get(id);
  if (!session) {
    refuse(response, 404, 'The upload does not exist.');
    return;
  }
  const range = readContentRange(request.headers['content-range']);
  const fault = session.findFault(range, request.headers['content-length']);
  if (fault !== null) {
    request.resume();
    refuse(response, 400, fault);
    return;
  }
  const isQuestion = range !== null && range !== 'INVALID' && range.first === null;
  const broken = isQuestion ? null : uploads.onChunk(session.name, session.kept);
  await session.receive(request, typeof broken === 'number' ? broken : Infinity);
  if (typeof broken === 'number') {
    request.socket.destroy();
    return;
  }
  if (!session.isComplete) {
    response.writeHead(308, { ...session.range, 'content-length': 0 }).end();
    return;
  }
  if (session.stored === null) {
    const { name, metadata, query, bytes } = session;
    session.stored = await tryToStore(world, { name, type: 'resumable', metadata, query }, bytes);
  }
  if (broken === 'ANSWER') request.socket.destroy();
  else answerStored(bucket, session.name, session.stored, response);
}

interface ToStore {
  readonly name: string;
  readonly type: Upload['type'];
  readonly metadata: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
}

/** 'REFUSED': a precondition did not hold. */
async function tryToStore(
  { contents, uploads }: World,
  { name, type, metadata, query }: ToStore,
  bytes: Buffer,
): Promise<StoredObject | 'REFUSED'> {
  await uploads.onUpload(name);
  const isStored = meetsPreconditions(query, contents.read(name));
  uploads.all.push({ name, type, isStored });
  return isStored ? contents.write(name, bytes, metadata) : 'REFUSED';
}

function answerStored(bucket: string, name: string, stored: StoredObject | 'REFUSED', response: ServerResponse): void {
  if (stored !== 'REFUSED') json(response, describeObject(bucket, name, stored));
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
