import { stat } from 'node:fs/promises';
import type { Model } from '../../../datasources/registry/prediction-model.js';
import type { ModelFault } from '../model-serving.js';

/** What a look at a model found. */
export interface Look {
  readonly faults: readonly ModelFault[];
  /** The paths of its weights in files of their own, also of those that are missing. */
  readonly weights: readonly string[];
}

interface Checked {
  readonly version: string;
  readonly found: Promise<{ readonly look: Look; readonly weights: string }>;
}

/** Caches the result of a model's check while its file and its weights are unchanged, by size and time. */
export class CheckedFiles {
  readonly #checked = new WeakMap<Model, Checked>();

  constructor(private readonly look: (model: Model) => Promise<Look>) {}

  async check(model: Model): Promise<readonly ModelFault[]> {
    const version = await fileVersion(model.location);
    const earlier = this.#checked.get(model);
    if (earlier && earlier.version === version) {
      const { look, weights } = await earlier.found;
      if ((await versionOf(look.weights)) === weights) return look.faults;
    }
    const found = this.#look(model);
    if (version !== undefined) this.#checked.set(model, { version, found });
    return (await found).look.faults;
  }

  async #look(model: Model): Promise<Awaited<Checked['found']>> {
    const look = await this.look(model);
    return { look, weights: await versionOf(look.weights) };
  }
}

async function versionOf(paths: readonly string[]): Promise<string> {
  const versions = await Promise.all(paths.map(fileVersion));
  return versions.map((version) => version ?? 'missing').join(', ');
}

/** undefined for a missing file. */
async function fileVersion(path: string): Promise<string | undefined> {
  return stat(path, { bigint: true }).then(
    ({ ino, size, mtimeNs }) => `${ino} ${size} ${mtimeNs}`,
    () => undefined,
  );
}
