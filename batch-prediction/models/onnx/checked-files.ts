import { stat } from 'node:fs/promises';
import type { Model } from '../../../datasources/registry/prediction-model.js';
import type { ModelFault } from '../model-serving.js';

interface Checked {
  readonly version: string;
  readonly faults: Promise<readonly ModelFault[]>;
}

/** Caches the result of a model's check while its file is unchanged, by size and time. */
export class CheckedFiles {
  readonly #checked = new WeakMap<Model, Checked>();

  constructor(private readonly look: (model: Model) => Promise<readonly ModelFault[]>) {}

  async check(model: Model): Promise<readonly ModelFault[]> {
    const version = await fileVersion(model.location);
    const earlier = this.#checked.get(model);
    if (earlier && earlier.version === version) return earlier.faults;
    const faults = this.look(model);
    if (version !== undefined) this.#checked.set(model, { version, faults });
    return faults;
  }
}

/** undefined for a missing file. */
async function fileVersion(path: string): Promise<string | undefined> {
  return stat(path, { bigint: true }).then(
    ({ ino, size, mtimeNs }) => `${ino} ${size} ${mtimeNs}`,
    () => undefined,
  );
}
