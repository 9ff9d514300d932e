import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { OperatorError } from '../errors/operator-error.js';

export interface ListenAddress {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** The variable of the environment that names the port. */
  readonly variable: 'PORT' | 'METRICS_PORT';
}

/** An OperatorError when the address cannot be had. */
export async function listen(server: Server, address: ListenAddress): Promise<void> {
  server.listen(address.port, address.host);
  await once(server, 'listening').catch((cause: unknown) => {
    throw toListenError(address, cause);
  });
}

/**
 * Refuses addresses that cannot be had, by taking all and giving them back. Asked before anything is prepared: that may take
 * minutes, which nobody should wait to be told that a port is in use.
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
