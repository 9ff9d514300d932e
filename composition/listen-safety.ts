import { isIP } from 'node:net';
import { OperatorError } from '../errors/operator-error.js';

/** Whether an address is one of this machine alone. */
export function isLoopbackHost(host: string): boolean {
  if (isIP(host) === 4) return host.startsWith('127.');
  return host === '::1' || host === 'localhost' || host.endsWith('.localhost');
}

/**
 * Refuses to start where everybody who reaches the port may do everything, and the port is reached from other machines.
 * Somebody who wants this says so in a variable whose name says what it does.
 */
export function checkListenSafety(config: {
  readonly host: string;
  readonly authenticationPath: string | null;
  readonly isEverybodyLetIn: boolean;
}): void {
  const { host, authenticationPath, isEverybodyLetIn } = config;
  if (authenticationPath !== null || isLoopbackHost(host) || isEverybodyLetIn) return;
  throw new OperatorError(`HOST=${host} opens the gateway to other machines, and nobody has to say who they are.`, [
    'Set FEATUREGRAPH_AUTHENTICATION to an authentication file (docs/authentication.md). For API keys, its one line is: apiKeys: {}',
    'Or set HOST=127.0.0.1, so that only this machine reaches it.',
    'Or set FEATUREGRAPH_LET_EVERYBODY_IN=true, if something in front of the gateway decides who reaches it.',
  ]);
}
