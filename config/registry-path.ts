import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { OperatorError } from '../errors/operator-error.js';
import type { Config } from './config.js';
import { projectRoot } from './project-root.js';

const EXAMPLE = join(projectRoot, 'examples/flights/registry.yaml');

/** The registry file to serve: the configured one, or the example. The packed package has no example. */
export function registryPathOf({ registryPath }: Pick<Config, 'registryPath'>, example = EXAMPLE): string {
  if (registryPath !== null) return registryPath;
  if (existsSync(example)) return example;
  throw new OperatorError('FEATUREGRAPH_REGISTRY is not set, and there is no example to serve instead:', [
    'set it to the path of your registry file; "npx featuregraph init FILES" drafts one, and docs/registry.md explains it',
  ]);
}
