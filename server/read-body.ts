import type { IncomingMessage } from 'node:http';
import { AppError } from '../errors/app-error.js';
import { parseRequestJson } from './request-json.js';

/**
 * Reads the JSON body of a request. It accepts only application/json: a page of another site can make a browser send
 * text/plain or a form without a preflight (CSRF), but not this type. Reading stops at the limit, whatever the
 * Content-Length.
 */
export async function readJsonBody(request: IncomingMessage, maxBytes: number): Promise<unknown> {
  const [mediaType, ...parameters] = (request.headers['content-type'] ?? '').toLowerCase().split(';');
  const charset = parameters.map((parameter) => parameter.trim()).find((parameter) => parameter.startsWith('charset='));
  if (mediaType?.trim() !== 'application/json' || (charset && !/^charset="?utf-?8"?$/.test(charset))) {
    throw new UnsupportedMediaType('Send the request as application/json in UTF-8.');
  }
  if ((request.headers['content-encoding'] ?? 'identity') !== 'identity') {
    throw new UnsupportedMediaType('Send the request body as it is, without Content-Encoding.');
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) {
      throw new AppError('PAYLOAD_TOO_LARGE', `The request body is over ${maxBytes} bytes. Send fewer ids at a time.`);
    }
    chunks.push(chunk);
  }
  try {
    return parseRequestJson(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new AppError('BAD_REQUEST', 'The request body is not JSON.');
  }
}

/** 415, which has no code of its own in the table: its code is that of a bad request. */
export class UnsupportedMediaType extends AppError {
  readonly httpStatus = 415;

  constructor(message: string) {
    super('BAD_REQUEST', message);
  }
}
