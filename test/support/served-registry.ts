import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inject } from 'vitest';
import { OUTCOME_FILE, type ServedRegistry, type ServingOutcome } from './serve-registries.js';
import { until } from './until.js';

export interface ServedGateway {
  readonly url: string;
  /** For files of its data folder. */
  readonly files: string;
}

/** The gateway that serves a registry, when it does. */
export async function servedRegistry(name: ServedRegistry): Promise<ServedGateway> {
  const folder = inject('servedFolders')[name];
  const outcomeFile = join(folder, OUTCOME_FILE);
  await until(() => existsSync(outcomeFile));
  const outcome = JSON.parse(readFileSync(outcomeFile, 'utf8')) as ServingOutcome;
  if ('error' in outcome) throw new Error(`The registry ${name} is not served: ${outcome.error}`);
  return { url: outcome.url, files: join(folder, 'files') };
}
