import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join, normalize, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { AppError } from '../errors/app-error.js';
import { acceptedTypes } from './accepted-types.js';

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.ttf': 'font/ttf',
  '.woff2': 'font/woff2',
};

/**
 * Allows no other hosts and no inline script, so that no value or error message can run as code. The editor creates its
 * workers from blobs, and its styles are inline.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self' blob:",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Whether a browser requests a page, rather than a client a response. */
export function wantsPage(request: IncomingMessage): boolean {
  const isQuery =
    (request.url ?? '').includes('?') && new URLSearchParams((request.url ?? '').split('?')[1]).has('query');
  return !isQuery && acceptedTypes(request).includes('text/html');
}

/** Serves a file of the bundled page (console/). A path outside its folder is answered as a missing file. */
export async function servePage(folder: string, path: string, response: ServerResponse): Promise<void> {
  const file = join(folder, normalize(decodePath(path)));
  const isInside = file.startsWith(folder + sep);
  const found = isInside ? await stat(file).catch(() => undefined) : undefined;
  if (!found?.isFile()) throw new AppError('NOT_FOUND', 'There is no such file.');
  response.writeHead(200, {
    'content-type': CONTENT_TYPES[extname(file)] ?? 'application/octet-stream',
    'content-length': found.size,
    'content-security-policy': CONTENT_SECURITY_POLICY,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    // The names of assets contain a hash of their content, so browsers may cache them; the page itself must be
    // revalidated.
    'cache-control': path.includes('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
  });
  await pipeline(createReadStream(file), response);
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return '';
  }
}
