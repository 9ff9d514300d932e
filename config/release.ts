import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from './project-root.js';

export interface Release {
  readonly version: string;
  /** The exact version of each package that it uses, by name. */
  readonly dependencies: Readonly<Record<string, string>>;
}

/** What the package of featuregraph says about itself. */
export function readRelease(): Release {
  return JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as Release;
}
