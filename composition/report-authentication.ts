import type { Authenticator } from '../auth/authenticator.js';
import type { Config } from '../config/config.js';
import type { Logger } from '../observability/logger.js';
import { impossibleBudgets } from './impossible-budgets.js';
import { isLoopbackHost } from './listen-safety.js';

/** Says at the start who comes in: the mode `open` must not be a surprise. */
export function reportAuthentication(
  logger: Logger,
  { host, dailyBudgetsUsd }: Pick<Config, 'host' | 'dailyBudgetsUsd'>,
  authenticator: Authenticator,
): void {
  if (!authenticator.isOpen) {
    for (const method of authenticator.methods) logger.info({ method }, 'who asks is known by this method');
  } else if (isLoopbackHost(host)) {
    logger.warn(
      { host },
      'NO AUTHENTICATION: everybody on this machine may read and change everything (docs/authentication.md)',
    );
  } else {
    logger.error(
      { host },
      'NO AUTHENTICATION, ON A NETWORK: everybody who reaches this port may read and change everything (FEATUREGRAPH_LET_EVERYBODY_IN)',
    );
  }
  for (const name of impossibleBudgets(dailyBudgetsUsd, authenticator)) {
    logger.warn({ name }, 'a budget limits nobody: no principal can have this name now (docs/costs.md)');
  }
}
