import { resolve, sep } from 'node:path';
import { OperatorError } from '../errors/operator-error.js';
import { RejectedRows } from '../datasources/offline/computed-violation.js';
import type { FeatureSource } from '../datasources/registry/model.js';
import type { Registry } from '../datasources/registry/registry.js';
import type { AppliedRegistry, RegistryPlan, RegistryUpdates } from '../ingestion/registry-updates.js';
import { buildSchema, type SchemaOptions } from '../resolvers/build-schema.js';
import { planRegistry } from './plan-registry.js';
import type { PlannedRegistry } from './planned-registry.js';
import type { OpenStores } from './stores.js';

export interface RegistryUpdatesOptions {
  readonly first: PlannedRegistry;
  /** The folders of the files that the operator names. */
  readonly folders: readonly string[];
  readonly schema?: SchemaOptions;
  readonly stores: OpenStores;
  /** Reads and checks the registry file. */
  readonly read: () => Promise<Registry>;
  /** Checks what else the operator gave against the schema. Throws OperatorError. */
  readonly check?: (next: PlannedRegistry) => Promise<void>;
  /** Serves a registry whose values are prepared. Returns the ids of the refreshes that it started. */
  readonly serve: (next: PlannedRegistry, stale: readonly FeatureSource['entityType'][]) => Promise<readonly string[]>;
}

/** Applies the registry file to the running gateway. */
export class FileRegistryUpdates implements RegistryUpdates {
  #present: PlannedRegistry;
  #last: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: RegistryUpdatesOptions) {
    this.#present = options.first;
  }

  async plan(): Promise<RegistryPlan> {
    return (await this.#read()).plan;
  }

  async apply({ force }: { readonly force: boolean }): Promise<AppliedRegistry> {
    const applied = this.#last.then(() => this.#apply(force));
    this.#last = applied.catch(() => undefined);
    return applied;
  }

  async #apply(force: boolean): Promise<AppliedRegistry> {
    const { plan, next } = await this.#read();
    if (!next || plan.faults.length > 0 || (plan.breaks.length > 0 && !force)) {
      return { plan, isApplied: false, jobIds: [] };
    }
    const { stores, serve } = this.options;
    const faults: string[] = [];
    const prepared = await stores.prepareFor(next.registry).catch((error: unknown) => {
      faults.push(...this.#describeFault(error));
      return null;
    });
    // Nothing was replaced: a value type that changed, or SQL that does not run, leaves the present registry.
    if (!prepared) return { plan: { ...plan, faults }, isApplied: false, jobIds: [] };
    const jobIds = await serve(next, prepared.stale);
    this.#present = next;
    await stores.forgetNames(next.registry);
    return { plan, isApplied: true, jobIds };
  }

  async #read(): Promise<{ readonly plan: RegistryPlan; readonly next: PlannedRegistry | null }> {
    try {
      const registry = await this.options.read();
      const next = { registry, schema: buildSchema(registry, this.options.schema) };
      await this.options.check?.(next);
      const plan = await planRegistry(this.#present, next, this.options.stores);
      return { next, plan: { ...plan, faults: plan.faults.map((fault) => this.#withoutFolders(fault)) } };
    } catch (error) {
      return {
        next: null,
        plan: {
          faults: this.#describeFault(error),
          breaks: [],
          changes: [],
          expectations: [],
          recomputed: [],
          removed: [],
          renamed: [],
        },
      };
    }
  }

  /**
   * The faults of the operator's files; any other error is one of the gateway. A client reads them, so files are named as
   * the registry names them, and not where they are on this machine. One who may apply a registry need not be one who may
   * read the values, so no row is named.
   */
  #describeFault(error: unknown): string[] {
    if (!(error instanceof OperatorError)) throw error;
    const faults = error instanceof RejectedRows ? error.faultsWithoutRows : error.faults;
    return [error.summary, ...faults].map((text) => this.#withoutFolders(text));
  }

  #withoutFolders(text: string): string {
    const folders = this.options.folders.flatMap((folder) => [resolve(folder), folder]);
    return folders.reduce((clean, path) => clean.replaceAll(`${path}${sep}`, ''), text);
  }
}
