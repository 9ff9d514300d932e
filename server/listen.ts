import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { OperatorError } from '../errors/operator-error.js';

export interface ListenAddress {
  readonly host: string;
  /** 0 selects a free port. */
  readonly port: number;
  /** The environment variable that names the port. */
  readonly variable: 'PORT' | 'METRICS_PORT';
}

/** Throws an OperatorError when the address is not available. */
export async function listen(server: Server, address: ListenAddress): Promise<void> {
  server.listen(address.port, address.host);
  await once(server, 'listening').catch((cause: unknown) => {
    throw toListenError(address, cause);
  });
}

/**
 * Refuses unavailable addresses: it binds and releases all of them. It runs before any preparation, which may take
 * minutes, so that an operator learns at once that a port is in use.
 */
export async function checkAddresses(addresses: readonly ListenAddress[]): Promise<void> {
  const probes: Server[] = [];
  try {
    for (const address of addresses) {
      const probe = createServer();
      await listen(probe, address);
      probes.push(probe);
    }
  } finally {
    await Promise.all(probes.map((probe) => new Promise((resolve) => probe.close(resolve))));
  }
}

function toListenError({ host, port, variable }: ListenAddress, cause: unknown): OperatorError {
  const { code } = cause as NodeJS.ErrnoException;
  const fault =
    code === 'EADDRINUSE'
      ? `the port is in use. Stop what uses it, or set ${variable} to another port (0 takes a free one)`
      : code === 'EACCES'
        ? `this user may not use the port. Set ${variable} to one from 1024 on`
        : `${code ?? String(cause)}. Is HOST an address of this machine?`;
  return new OperatorError(`featuregraph cannot listen at ${host}, port ${port}:`, [fault], { cause });
}

/** Where a listening server is reached, for people. */
export function originOf(server: Server): string {
  const { address, family, port } = server.address() as AddressInfo;
  const isAnywhere = address === '0.0.0.0' || address === '::';
  const host = isAnywhere || address === '127.0.0.1' ? 'localhost' : family === 'IPv6' ? `[${address}]` : address;
  return `${'setSecureContext' in server ? 'https' : 'http'}://${host}:${port}`;
}
