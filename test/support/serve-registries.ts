import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import buildGateway from './build-gateway.js';
import { startGatewayProcess } from './gateway-process.js';

const examples = join(import.meta.dirname, '../../examples');

/**
 * The registries that a gateway serves to the tests. The flights have much of everything. The minimal one has two features,
 * no models, no feature views and no example queries.
 */
export const SERVED_REGISTRIES = {
  flights: join(examples, 'flights/registry.yaml'),
  minimal: join(examples, 'minimal/registry.yaml'),
} as const;
export type ServedRegistry = keyof typeof SERVED_REGISTRIES;

declare module 'vitest' {
  interface ProvidedContext {
    /** The data folder of each gateway. */
    servedFolders: Readonly<Record<ServedRegistry, string>>;
  }
}

/** In the data folder once the gateway serves, or cannot: where it is, or why not. */
export const OUTCOME_FILE = 'test-outcome.json';
export type ServingOutcome = { readonly url: string } | { readonly error: string };

interface Serving {
  readonly folder: string;
  readonly stop: () => Promise<void>;
}

/**
 * Builds the gateway and serves each registry from a new data folder. Computing the features of the flights takes most of
 * a minute, and only the tests that ask that gateway wait for it (served-registry.ts).
 */
export default function setUp(project: TestProject): () => Promise<void> {
  buildGateway();
  const flights = serve('flights');
  const minimal = serve('minimal');
  project.provide('servedFolders', { flights: flights.folder, minimal: minimal.folder });
  return async () => {
    await Promise.all([flights.stop(), minimal.stop()]);
  };
}

function serve(name: ServedRegistry): Serving {
  const folder = mkdtempSync(join(tmpdir(), `featuregraph-${name}-`));
  const cancelled = new AbortController();
  const starting = startGatewayProcess(
    { FEATUREGRAPH_REGISTRY: SERVED_REGISTRIES[name], FEATUREGRAPH_DATA_DIR: folder, LOG_LEVEL: 'info' },
    { signal: cancelled.signal },
  );
  const tell = (outcome: ServingOutcome): void => {
    // Moved when whole, so that no test reads half of it.
    writeFileSync(join(folder, `${OUTCOME_FILE}.part`), JSON.stringify(outcome));
    renameSync(join(folder, `${OUTCOME_FILE}.part`), join(folder, OUTCOME_FILE));
  };
  const told = starting.then(
    ({ url }) => tell({ url }),
    (error: unknown) => tell({ error: String(error) }),
  );
  return {
    folder,
    stop: async () => {
      // A run of a few files may end before the gateway is ready.
      cancelled.abort();
      await told;
      await starting.then(
        (gateway) => gateway.stop(),
        () => undefined,
      );
      rmSync(folder, { recursive: true });
    },
  };
}
