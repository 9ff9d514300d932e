import type { Authenticator } from '../auth/authenticator.js';
import type { Config } from '../config/config.js';
import type { Logger } from '../observability/logger.js';
import type { Clock } from '../values/clock.js';
import { openAuthentication } from './authentication.js';
import { checkListenSafety } from './listen-safety.js';
import { reportAuthentication } from './report-authentication.js';

/** Refuses an unsafe configuration, opens the authentication methods, and logs them. */
export async function openAuthenticator(config: Config, logger: Logger, clock: Clock): Promise<Authenticator> {
  checkListenSafety(config);
  const authenticator = await openAuthentication({
    path: config.authenticationPath,
    dataDirectory: config.dataDirectory,
    isCloudRun: config.isCloudRun,
    clock,
    onError: (err) => logger.error({ err }, 'keys are not up to date: the ones from before stay in use'),
  });
  reportAuthentication(logger, config, authenticator);
  return authenticator;
}
