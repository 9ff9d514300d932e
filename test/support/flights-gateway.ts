import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import buildGateway from './build-gateway.js';
import { startGatewayProcess } from './gateway-process.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** Data folder of the gateway that serves the flights. */
    flightsFolder: string;
  }
}

/** In the data folder once the gateway serves, or cannot: where it is, or why not. */
export const OUTCOME_FILE = 'test-outcome.json';
export type FlightsOutcome = { readonly url: string } | { readonly error: string };

/**
 * Builds the gateway and serves the flights from a new data folder. Computing their features takes most of a minute, and
 * only the tests that ask this gateway wait for it (served-flights.ts).
 */
export default function setUp(project: TestProject): () => Promise<void> {
  buildGateway();
  const folder = mkdtempSync(join(tmpdir(), 'featuregraph-flights-'));
  project.provide('flightsFolder', folder);
  const cancelled = new AbortController();
  const starting = startGatewayProcess(
    { FEATUREGRAPH_DATA_DIR: folder, LOG_LEVEL: 'info' },
    { signal: cancelled.signal },
  );
  const tell = (outcome: FlightsOutcome): void => {
    // Moved when whole, so that no test reads half of it.
    writeFileSync(join(folder, `${OUTCOME_FILE}.part`), JSON.stringify(outcome));
    renameSync(join(folder, `${OUTCOME_FILE}.part`), join(folder, OUTCOME_FILE));
  };
  const told = starting.then(
    ({ url }) => tell({ url }),
    (error: unknown) => tell({ error: String(error) }),
  );
  return async () => {
    // A run of a few files may end before the gateway is ready.
    cancelled.abort();
    await told;
    await starting.then(
      (gateway) => gateway.stop(),
      () => undefined,
    );
    rmSync(folder, { recursive: true });
  };
}
