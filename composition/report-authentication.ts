import type { Authenticator } from '../auth/authenticator.js';
import type { Config } from '../config/config.js';
import type { Logger } from '../observability/logger.js';
import { impossibleBudgets } from './impossible-budgets.js';
import { isLoopbackHost } from './listen-safety.js';

/** Logs at the start how requests are authenticated: the mode `open` must not be a surprise. */
export function reportAuthentication(
  logger: Logger,
  { host, dailyBudgetsUsd }: Pick<Config, 'host' | 'dailyBudgetsUsd'>,
  authenticator: Authenticator,
): void {
  if (!authenticator.isOpen) {
    for (const method of authenticator.methods) logger.info({ method }, 'requests are authenticated by this method');
  } else if (isLoopbackHost(host)) {
    logger.warn(
      { host },
      'NO AUTHENTICATION: every process on this machine can read and change everything (docs/authentication.md)',
    );
  } else {
    logger.error(
      { host },
      'NO AUTHENTICATION, ON A NETWORK: every client that reaches this port can read and change everything (FEATUREGRAPH_ALLOW_UNAUTHENTICATED)',
    );
  }
  for (const name of impossibleBudgets(dailyBudgetsUsd, authenticator)) {
    logger.warn(
      { name },
      'this budget applies to no principal: no authentication method makes this name (docs/costs.md)',
    );
  }
}
