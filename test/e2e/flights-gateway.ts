import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import buildGateway from '../support/build-gateway.js';
import { startGatewayProcess } from '../support/gateway-process.js';

declare module 'vitest' {
  interface ProvidedContext {
    flightsUrl: string;
    /** The folder for files of its data folder. */
    flightsFiles: string;
  }
}

/** Builds the gateway and serves the flights from a new data folder; about a minute, most of it computing features. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  buildGateway();
  const folder = mkdtempSync(join(tmpdir(), 'featuregraph-flights-'));
  const gateway = await startGatewayProcess({ FEATUREGRAPH_DATA_DIR: folder, LOG_LEVEL: 'info' });
  project.provide('flightsUrl', gateway.url);
  project.provide('flightsFiles', join(folder, 'files'));
  return async () => {
    await gateway.stop();
    rmSync(folder, { recursive: true });
  };
}
