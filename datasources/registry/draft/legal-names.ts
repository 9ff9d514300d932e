import { RESERVED_NAMES } from '../document/column-faults.js';
import { MAX_FEATURE_NAME_LENGTH } from '../document/common-fields.js';

/** The names of the GraphQL schema that every gateway has, and the rule by which a registry name becomes one. */
export interface SchemaNames {
  /** mean_delay: meanDelay. */
  readonly toField: (name: string) => string;
  /** The fields of every entity. */
  readonly entityFields: ReadonlySet<string>;
  /** Whether a featurestore may have this name. */
  readonly isFeaturestoreFree: (name: string) => boolean;
  /** Whether an entity type of this featurestore may have this name. */
  readonly isEntityTypeFree: (featurestore: string, name: string) => boolean;
}

/** Letters of the Latin alphabet that Unicode does not take apart. */
const LETTERS: Readonly<Record<string, string>> = { ß: 'ss', æ: 'ae', œ: 'oe', ø: 'o', ł: 'l', đ: 'd' };

/**
 * The legal name nearest to a text: "Mean Delay (3h)" and meanDelay3h become mean_delay_3h and mean_delay3h. `fallback`
 * is the name of a text without a letter or digit of the Latin alphabet.
 */
export function toLegalName(text: string, fallback: string, most = MAX_FEATURE_NAME_LENGTH): string {
  const words = text
    .normalize('NFKD')
    .replaceAll(/\p{Mark}/gu, '')
    .replaceAll(/[ßæœøłđ]/gi, (letter) => LETTERS[letter.toLowerCase()]!)
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replaceAll(/[^a-z0-9_]+/g, '_')
    .replaceAll(/_{2,}/g, '_')
    // Two words that a sign separated stay two words; signs at the ends are dropped.
    .replaceAll(/^_+|_+$/g, '');
  const name = /^[a-z_][a-z0-9_]*$/.test(text) && /[a-z0-9]/.test(text) ? text : words;
  if (name === '') return fallback;
  return (/^_*[0-9]/.test(name) ? `n_${name.replace(/^_+/, '')}` : name).slice(0, most);
}

/** Gives names that differ as columns of SQL, where case does not count, and as fields of the schema. */
export class FreeNames {
  readonly #columns = new Set<string>();
  readonly #fields: Set<string>;

  constructor(
    private readonly toField: (name: string) => string,
    takenFields: ReadonlySet<string>,
  ) {
    this.#fields = new Set(takenFields);
  }

  /** A name that only the SQL has: an id or a time. */
  takeColumn(name: string): void {
    this.#columns.add(name.toLowerCase());
  }

  /** The first name that is free: itself, then each alternative, then with _2, _3 and so on. */
  takeFeature(...wanted: readonly [string, ...string[]]): string {
    const free = wanted.find((name) => this.#isFree(name)) ?? this.#numbered(wanted.at(-1)!);
    this.#columns.add(free.toLowerCase());
    this.#fields.add(this.toField(free));
    return free;
  }

  #numbered(name: string): string {
    for (let number = 2; ; number += 1) {
      const ending = `_${number}`;
      const candidate = `${name.slice(0, MAX_FEATURE_NAME_LENGTH - ending.length)}${ending}`;
      if (this.#isFree(candidate)) return candidate;
    }
  }

  #isFree(name: string): boolean {
    if (name.length > MAX_FEATURE_NAME_LENGTH || RESERVED_NAMES.has(name)) return false;
    return !this.#columns.has(name.toLowerCase()) && !this.#fields.has(this.toField(name));
  }
}

/** orders: order; customers: customer. A word that is no regular plural stays. */
export function singular(name: string): string {
  if (/[^aeiou]ies$/.test(name)) return `${name.slice(0, -3)}y`;
  if (/(s|x|z|ch|sh)es$/.test(name)) return name.slice(0, -2);
  return /[^su]s$/.test(name) ? name.slice(0, -1) : name;
}

/** The first name that is not taken: itself, then with _2, _3 and so on. */
export function uniqueName(name: string, isFree: (name: string) => boolean, most: number): string {
  if (isFree(name)) return name;
  for (let number = 2; ; number += 1) {
    const ending = `_${number}`;
    const candidate = `${name.slice(0, most - ending.length)}${ending}`;
    if (isFree(candidate)) return candidate;
  }
}
