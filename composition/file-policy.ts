import { loadPolicy } from '../auth/policy/load-policy.js';
import { Policy } from '../auth/policy/policy.js';
import type { PolicyDocument } from '../auth/policy/policy-document.js';
import type { Registry } from '../datasources/registry/registry.js';

/** The policy of a file, which is read again together with the registry. */
export class FilePolicy extends Policy {
  /** The policy that was read with a registry, and counts when that one is served. */
  readonly #read = new WeakMap<Registry, PolicyDocument | null>();

  private constructor(
    private readonly path: string | null,
    document: PolicyDocument | null,
    registry: Registry,
  ) {
    super(document, registry);
  }

  static async open(path: string | null, registry: Registry): Promise<FilePolicy> {
    return new FilePolicy(path, await loadPolicy(path, registry), registry);
  }

  /** Reads the file and checks it against a registry, which may be served later. */
  async readWith(registry: Registry): Promise<void> {
    this.#read.set(registry, await loadPolicy(this.path, registry));
  }

  /** The policy that was read with this registry counts from now on. */
  serveWith(registry: Registry): void {
    this.replace(this.#read.get(registry) ?? null, registry);
  }
}
