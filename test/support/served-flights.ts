import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inject } from 'vitest';
import { OUTCOME_FILE, type FlightsOutcome } from './flights-gateway.js';
import { until } from './until.js';

/** The gateway that serves the flights, when it does: its address, and the folder for files of its data folder. */
export async function servedFlights(): Promise<{ readonly url: string; readonly files: string }> {
  const folder = inject('flightsFolder');
  const outcomeFile = join(folder, OUTCOME_FILE);
  await until(() => existsSync(outcomeFile));
  const outcome = JSON.parse(readFileSync(outcomeFile, 'utf8')) as FlightsOutcome;
  if ('error' in outcome) throw new Error(`The flights are not served: ${outcome.error}`);
  return { url: outcome.url, files: join(folder, 'files') };
}
