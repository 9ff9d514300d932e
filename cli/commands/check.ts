import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkRegistry } from '../../composition/check-registry.js';
import type { GoogleClientOptions } from '../../composition/google-clients.js';
import { diagnoseRegistry } from '../../composition/registry.js';
import { loadConfig } from '../../config/load-config.js';
import { registryPathOf } from '../../config/registry-path.js';
import { FileReader } from '../../datasources/files/file-reader.js';
import { printDiagnoses } from '../print-diagnoses.js';

/** Prints the faults of a registry file, its SQL, its models and the policy, and what a start would compute. Changes nothing. */
export async function check(registryPath: string | undefined, google: GoogleClientOptions = {}): Promise<void> {
  const config = loadConfig();
  const { registry, diagnoses } = await diagnoseRegistry(registryPath ?? registryPathOf(config), google);
  // Not in the data folder, from which a gateway reads its files.
  await using reader = await FileReader.open(await mkdtemp(join(tmpdir(), 'featuregraph-check-')));
  await printDiagnoses([...diagnoses, ...checkRegistry(registry, config, reader)]);
}
