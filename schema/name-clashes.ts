import { OperatorError } from '../errors/operator-error.js';

/** The item of the registry that a name of the schema comes from: a feature, an entity type or a featurestore. */
export interface NamedItem {
  readonly featurestore: string;
  readonly entityType?: string;
  readonly feature?: string;
}

export interface NameClash extends NamedItem {
  /** `entity type shop.customers`. */
  readonly owner: string;
  /** `would be called "customers", as the plural of entity type shop.customer is`. */
  readonly reason: string;
}

/** The clash belongs to the later of two items, in the order of the registry. */
export class NameClashError extends OperatorError {
  constructor(readonly clashes: readonly NameClash[]) {
    super(
      'Names of the registry do not fit the schema; rename one of each:',
      clashes.map(({ owner, reason }) => `${owner} ${reason}`),
    );
  }
}

/** Collects all name clashes, so that the operator sees them together. */
export class NameClashes {
  readonly #owners = new Map<string, string>();
  readonly #clashes: NameClash[] = [];

  reserve(scope: string, names: readonly string[], owner: string): void {
    for (const name of names) this.#owners.set(`${scope}.${name}`, owner);
  }

  claim(scope: string, name: string, owner: string, item: NamedItem): string {
    const key = `${scope}.${name}`;
    const other = this.#owners.get(key);
    if (other === undefined) this.#owners.set(key, owner);
    else this.#clashes.push({ ...item, owner, reason: `would be called "${name}", as ${other} is` });
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) || name.startsWith('__')) {
      this.#clashes.push({ ...item, owner, reason: `would be called "${name}", which is no name in GraphQL` });
    }
    return name;
  }

  throwIfAny(): void {
    if (this.#clashes.length > 0) throw new NameClashError(this.#clashes);
  }
}
