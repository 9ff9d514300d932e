import type { IncomingMessage } from 'node:http';
import { AppError } from '../errors/app-error.js';
import type { ArrivingBody } from '../limits/arriving-bodies.js';
import { parseRequestJson } from './request-json.js';

/**
 * Reads the JSON body of a request. It accepts only application/json: a page of another site can make a browser send
 * text/plain or a form without a preflight (CSRF), but not this type. Reading stops at the limit, whatever the
 * Content-Length. A large body is parsed when it has its turn.
 */
export async function readJsonBody(request: IncomingMessage, maxBytes: number, body: ArrivingBody): Promise<unknown> {
  const [mediaType, ...parameters] = (request.headers['content-type'] ?? '').toLowerCase().split(';');
  const charset = parameters.map((parameter) => parameter.trim()).find((parameter) => parameter.startsWith('charset='));
  if (mediaType?.trim() !== 'application/json' || (charset && !/^charset="?utf-?8"?$/.test(charset))) {
    throw new UnsupportedMediaType('Send the request as application/json in UTF-8.');
  }
  if ((request.headers['content-encoding'] ?? 'identity') !== 'identity') {
    throw new UnsupportedMediaType('Send the request body as it is, without Content-Encoding.');
  }
  try {
    const bytes = await readBytes(request, maxBytes, body);
    const turn = body.turn();
    if (turn) await turn;
    return parse(bytes);
  } finally {
    body.close();
  }
}

function parse(json: Buffer): unknown {
  try {
    return parseRequestJson(json.toString('utf8'));
  } catch {
    throw new AppError('BAD_REQUEST', 'The request body is not JSON.');
  }
}

/** By events: an iterator over the request takes three times as long for a body of one chunk, as most are. */
function readBytes(request: IncomingMessage, maxBytes: number, body: ArrivingBody): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let first: Buffer | undefined;
    const others: Buffer[] = [];
    let size = 0;
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      try {
        if (size > maxBytes) throw tooLarge(maxBytes);
        body.take(chunk.length);
      } catch (error) {
        // What still comes is not kept: the connection closes after the refusal.
        end();
        reject(error instanceof Error ? error : new Error('the body was refused', { cause: error }));
        return;
      }
      if (first) others.push(chunk);
      else first = chunk;
    };
    const onEnd = (): void => {
      end();
      resolve(first && others.length === 0 ? first : Buffer.concat(first ? [first, ...others] : []));
    };
    const onClose = (): void => {
      end();
      reject(new Error('the connection closed before the end of the body'));
    };
    const end = (): void => {
      request.off('data', onData).off('end', onEnd).off('close', onClose);
    };
    // The client may have gone while it was asked who it is.
    if (request.destroyed) return onClose();
    // An aborted request also has the event "error", whose listener must stay: without one it ends the process.
    request.once('error', reject).on('data', onData).once('end', onEnd).once('close', onClose);
  });
}

function tooLarge(maxBytes: number): AppError {
  return new AppError('PAYLOAD_TOO_LARGE', `The request body is over ${maxBytes} bytes. Send fewer ids at a time.`);
}

/** 415, which has no code of its own in the table: its code is that of a bad request. */
export class UnsupportedMediaType extends AppError {
  readonly httpStatus = 415;

  constructor(message: string) {
    super('BAD_REQUEST', message);
  }
}
