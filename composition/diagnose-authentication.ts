import type { Config } from '../config/config.js';
import type { Diagnosis, Finding } from '../datasources/diagnosis.js';
import { OperatorError } from '../errors/operator-error.js';
import type { Clock } from '../values/clock.js';
import { openAuthentication } from './authentication.js';
import { impossibleBudgets } from './impossible-budgets.js';
import { checkListenSafety } from './listen-safety.js';

type Checked = Pick<
  Config,
  'host' | 'authenticationPath' | 'allowsUnauthenticated' | 'dataDirectory' | 'isCloudRun' | 'dailyBudgetsUsd'
>;

/** Whether a start would take the authentication file, with all that it names, and the address that it listens on. */
export function diagnoseAuthentication(config: Checked, clock: Clock): Diagnosis {
  return { store: config.authenticationPath ?? 'authentication', findings: findingsOf(config, clock) };
}

async function* findingsOf(config: Checked, clock: Clock): AsyncGenerator<Finding> {
  const { authenticationPath, dataDirectory, isCloudRun, dailyBudgetsUsd, host } = config;
  try {
    checkListenSafety(config);
    // The start opens it by the same function: what one of them refuses, the other refuses too.
    const authenticator = await openAuthentication({
      path: authenticationPath,
      dataDirectory,
      isCloudRun,
      clock,
      onError: () => undefined,
    });
    try {
      for (const message of authenticator.methods) yield { status: 'ok', message };
      if (authenticator.isOpen) {
        yield {
          status: 'warning',
          message: `every client that reaches ${host} can read and change everything`,
          remedy: 'set FEATUREGRAPH_AUTHENTICATION to an authentication file (docs/authentication.md)',
        };
      }
      for (const name of impossibleBudgets(dailyBudgetsUsd, authenticator)) {
        yield {
          status: 'warning',
          message: `the budget of "${name}" applies to no principal: no authentication method makes this name`,
          remedy: 'correct the name (docs/costs.md)',
        };
      }
    } finally {
      authenticator.close();
    }
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    yield { status: 'fault', message: error.message };
  }
}
