import { OperatorError } from '../errors/operator-error.js';
import { backtestReport } from './backtest-report.js';
import type { GatewayClient, JobSnapshot } from './gateway-client.js';
import { jobDisplay } from './job-display.js';
import { monitorReport } from './monitor-report.js';
import { trainingSetReport } from './training-set-report.js';

/** The exit codes of the process, for scripts. */
const EXIT_CODES: Readonly<Record<string, number>> = {
  SUCCEEDED: 0,
  FAILED: 1,
  EXPIRED: 1,
  PARTIALLY_SUCCEEDED: 2,
  CANCELLED: 3,
};

/** The exit code of a command that found what it looks for: drift, or the findings of a monitor. 1 is an error. */
export const FOUND_EXIT_CODE = 2;

/** Shows a job until it ends, and sets the exit code by its end state. */
export async function watchJob(gateway: GatewayClient, id: string): Promise<void> {
  const display = jobDisplay();
  let last: JobSnapshot | undefined;
  try {
    for await (const job of gateway.follow(id)) display.show((last = job));
  } finally {
    display.end();
  }
  const exitCode = last && EXIT_CODES[last.state];
  if (exitCode === undefined) throw new OperatorError(`The gateway sends no more progress of ${id}. Run watch again.`);
  if (last?.error) process.stderr.write(`${last.error.code}: ${last.error.message}\n`);
  // Not on standard output, which has only the id, for the next command.
  process.stderr.write(await trainingSetReport(gateway, id));
  process.stderr.write(await backtestReport(gateway, id));
  const { text, hasFindings } = await monitorReport(gateway, id);
  process.stderr.write(text);
  process.exitCode = exitCode === 0 && hasFindings ? FOUND_EXIT_CODE : exitCode;
}
