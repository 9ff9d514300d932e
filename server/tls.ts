import { readFile, stat } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { Server as HttpsServer, ServerOptions } from 'node:https';
import { createSecureContext, type SecureVersion } from 'node:tls';
import { OperatorError } from '../errors/operator-error.js';
import type { Logger } from '../observability/logger.js';

export interface TlsFiles {
  /** The certificate in PEM, with those of the authorities between it and the root. */
  readonly certificate: string;
  readonly key: string;
  readonly minVersion: SecureVersion;
}

type TlsOptions = Pick<ServerOptions, 'cert' | 'key' | 'minVersion'>;

/** How often the files are looked at. Certificates are renewed days before they end. */
const LOOK_EVERY_MS = 10_000;

/** Reads the certificate and its key. Throws an OperatorError when they cannot be read or do not belong together. */
export async function readTls({ certificate, key, minVersion }: TlsFiles): Promise<TlsOptions> {
  const options = { cert: await read(certificate, 'CERTIFICATE'), key: await read(key, 'KEY'), minVersion };
  try {
    createSecureContext(options);
  } catch (cause) {
    throw new OperatorError(
      'The gateway cannot serve TLS:',
      [`the certificate ${certificate} and the key ${key} are not PEM, or do not belong together`],
      { cause },
    );
  }
  return options;
}

async function read(path: string, variable: 'CERTIFICATE' | 'KEY'): Promise<Buffer> {
  return readFile(path).catch((cause: unknown) => {
    const fault = `${path} cannot be read (${(cause as NodeJS.ErrnoException).code}). FEATUREGRAPH_TLS_${variable} names it`;
    throw new OperatorError('The gateway cannot serve TLS:', [fault], { cause });
  });
}

/**
 * New connections get the certificate as it is now. The files are looked at rather than watched: Kubernetes replaces them
 * by a symbolic link, of which a watch says nothing. A pair that does not fit is reported, and the one before is kept.
 */
export function reloadTls(
  server: Server,
  files: TlsFiles,
  logger: Logger,
  everyMs: number = LOOK_EVERY_MS,
): Disposable {
  let seen: string | undefined;
  const look = async (): Promise<void> => {
    const now = await version(files);
    if (now === seen) return;
    const isFirst = seen === undefined;
    seen = now;
    if (isFirst) return;
    (server as HttpsServer).setSecureContext(await readTls(files));
    logger.info({}, 'the certificate was replaced');
  };
  const run = (): void => {
    look().catch((err: unknown) => logger.error({ err }, 'the new certificate is not used'));
  };
  run();
  const timer = setInterval(run, everyMs).unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

async function version({ certificate, key }: TlsFiles): Promise<string> {
  const stats = await Promise.all([certificate, key].map((path) => stat(path)));
  return stats.map(({ ino, mtimeMs, size }) => `${ino}/${mtimeMs}/${size}`).join(' ');
}
