import { isIP } from 'node:net';
import { OperatorError } from '../errors/operator-error.js';

/** Whether an address is one of this machine alone. */
export function isLoopbackHost(host: string): boolean {
  if (isIP(host) === 4) return host.startsWith('127.');
  return host === '::1' || host === 'localhost' || host.endsWith('.localhost');
}

/**
 * Refuses to start without authentication on an address that other machines reach. An operator who needs this sets
 * FEATUREGRAPH_ALLOW_UNAUTHENTICATED.
 */
export function checkListenSafety(config: {
  readonly host: string;
  readonly authenticationPath: string | null;
  readonly allowsUnauthenticated: boolean;
}): void {
  const { host, authenticationPath, allowsUnauthenticated } = config;
  if (authenticationPath !== null || isLoopbackHost(host) || allowsUnauthenticated) return;
  throw new OperatorError(`HOST=${host} opens the gateway to other machines without authentication.`, [
    'Set FEATUREGRAPH_AUTHENTICATION to an authentication file (docs/authentication.md). For API keys, its one line is: apiKeys: {}',
    'Or set HOST=127.0.0.1, so that only this machine reaches it.',
    'Or set FEATUREGRAPH_ALLOW_UNAUTHENTICATED=true, if a proxy or network in front of the gateway decides who reaches it.',
  ]);
}
