import { randomUUID } from 'node:crypto';
import type { Database, RootDatabase } from 'lmdb';
import { transact } from '../../../runtime/lmdb.js';
import type { FeatureSource } from '../../registry/model.js';
import type { SourceVersions } from '../source-versions.js';

/** The record of the registry. No registry name contains `$`. */
const REGISTRY = '$registry';

/** The version of a source without a record: no row was written and no entity deleted. */
const UNWRITTEN = '0';

interface RegistryRecord {
  readonly digest: string;
  readonly version: string;
}

/** The versions in the LMDB file of the online store: a record for each source. */
export class LmdbSourceVersions implements SourceVersions {
  readonly #stored: Database<string | RegistryRecord, string>;
  /** The sources that change now, with the number of changes. */
  readonly #changing = new Map<string, number>();
  /** What the file has. A read of the file would see a commit that is not on disk yet. */
  readonly #known = new Map<string, string>();

  constructor(private readonly environment: RootDatabase) {
    this.#stored = environment.openDB<string | RegistryRecord, string>({ name: '$versions' });
    this.reload();
  }

  of(source: FeatureSource): string | undefined {
    const versions: string[] = [];
    for (const key of keysOf(source)) {
      if (this.#changing.has(key)) return undefined;
      versions.push(this.#known.get(key) ?? UNWRITTEN);
    }
    return versions.join(' ');
  }

  /** Stores a version. Call this inside a write transaction, and what it returns once that is on disk. */
  put(sources: ReadonlySet<FeatureSource>, version: string): () => void {
    const keys = Array.from(sources, keyOf);
    for (const key of keys) void this.#stored.put(key, version);
    return () => {
      for (const key of keys) this.#known.set(key, version);
    };
  }

  /** Call this after a transaction that failed: it may have been committed although it was not synced. */
  reload(): void {
    for (const { key, value } of this.#stored.getRange({})) if (typeof value === 'string') this.#known.set(key, value);
  }

  async changing<Result>(sources: readonly FeatureSource[], change: () => Promise<Result>): Promise<Result> {
    const keys = sources.map(keyOf);
    for (const key of keys) this.#changing.set(key, (this.#changing.get(key) ?? 0) + 1);
    try {
      // First the version and then the rows: after a crash between them, no client has the stored version.
      const version = randomUUID();
      const known = await transact(this.environment, () => this.put(new Set(sources), version));
      await this.environment.flushed;
      known();
      return await change();
    } finally {
      for (const key of keys) {
        const others = this.#changing.get(key)! - 1;
        if (others === 0) this.#changing.delete(key);
        else this.#changing.set(key, others);
      }
    }
  }

  async ofRegistry(digest: string): Promise<string> {
    const last = this.#stored.get(REGISTRY) as RegistryRecord | undefined;
    if (last?.digest === digest) return last.version;
    const version = randomUUID();
    await transact(this.environment, () => void this.#stored.put(REGISTRY, { digest, version }));
    await this.environment.flushed;
    return version;
  }
}

/** By name and not by object: the objects of a registry are replaced when the gateway applies another one. */
function keyOf({ name, entityType }: FeatureSource): string {
  return JSON.stringify([entityType.featurestore.name, entityType.name, name]);
}

/** The keys of a source by its names now and before: a write that began with an earlier registry uses the old ones. */
function keysOf({ name, renamedFrom, entityType }: FeatureSource): string[] {
  const types = [entityType.name, entityType.renamedFrom].filter((each) => each !== null);
  const names = [name, renamedFrom].filter((each) => each !== null);
  return types.flatMap((type) => names.map((each) => JSON.stringify([entityType.featurestore.name, type, each])));
}
