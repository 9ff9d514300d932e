import { formatInstant, parseInstant, type Instant } from '../values/instant.js';

/**
 * Ids are resource names, as in Google's APIs: `featurestores/flights/entityTypes/airport/entities/SFO`. They are
 * unique in the whole schema, so that a normalised client cache never mixes two objects. An entity as of a point in
 * time is a different object from the current entity: its id ends in `@2001-03-07T14:00:00Z`. The same applies to the
 * other arguments of the read: `@;knownAt=2001-03-07T14:00:00Z;strictlyBefore;includeExpired`.
 */
export type ResourceName =
  | { readonly kind: 'job'; readonly job: string }
  | { readonly kind: 'model'; readonly model: string }
  /** The name of a price book's edition: the name of the book, "@" and its date. */
  | { readonly kind: 'priceBook'; readonly priceBook: string }
  | { readonly kind: 'featurestore'; readonly featurestore: string }
  | { readonly kind: 'featurestoreEntities'; readonly featurestore: string }
  | { readonly kind: 'entityType'; readonly featurestore: string; readonly entityType: string }
  | { readonly kind: 'feature'; readonly featurestore: string; readonly entityType: string; readonly feature: string }
  | { readonly kind: 'featureView'; readonly featurestore: string; readonly featureView: string }
  | { readonly kind: 'monitor'; readonly featurestore: string; readonly monitor: string }
  | {
      readonly kind: 'entity';
      readonly featurestore: string;
      readonly entityType: string;
      readonly entityId: string;
      readonly asOf: Instant | null;
      readonly options?: EntityReadOptions | undefined;
    };

export interface EntityReadOptions {
  readonly knownAt: Instant | null;
  readonly strictlyBefore: boolean;
  readonly includeExpired: boolean;
}

export function formatResourceName(name: ResourceName): string {
  if (name.kind === 'job') return `jobs/${name.job}`;
  if (name.kind === 'model') return `models/${name.model}`;
  if (name.kind === 'priceBook') return `priceBooks/${name.priceBook}`;
  const featurestore = `featurestores/${name.featurestore}`;
  switch (name.kind) {
    case 'featurestore':
      return featurestore;
    case 'featurestoreEntities':
      return `${featurestore}/entities`;
    case 'entityType':
      return `${featurestore}/entityTypes/${name.entityType}`;
    case 'feature':
      return `${featurestore}/entityTypes/${name.entityType}/features/${name.feature}`;
    case 'featureView':
      return `${featurestore}/featureViews/${name.featureView}`;
    case 'monitor':
      return `${featurestore}/monitors/${name.monitor}`;
    case 'entity': {
      const asOf = name.asOf === null ? '' : formatInstant(name.asOf);
      const read = `${asOf}${formatOptions(name.options)}`;
      // The id is encoded, because it can contain a slash or an @.
      return `${featurestore}/entityTypes/${name.entityType}/entities/${encodeURIComponent(name.entityId)}${read && `@${read}`}`;
    }
  }
}

/** undefined if the text is not a resource name. */
export function parseResourceName(id: string): ResourceName | undefined {
  const [collection, featurestore, kind, name, subkind, subname, ...rest] = id.split('/');
  if (collection === 'jobs' && kind === undefined)
    return isJobId(featurestore) ? { kind: 'job', job: featurestore } : undefined;
  if (collection === 'models' && featurestore && kind === undefined) return { kind: 'model', model: featurestore };
  if (collection === 'priceBooks' && featurestore && kind === undefined)
    return { kind: 'priceBook', priceBook: featurestore };
  if (collection !== 'featurestores' || !featurestore || rest.length > 0) return undefined;
  if (kind === undefined) return { kind: 'featurestore', featurestore };
  if (kind === 'entities' && name === undefined) return { kind: 'featurestoreEntities', featurestore };
  if (!name) return undefined;
  if (kind === 'featureViews' && subkind === undefined) return { kind: 'featureView', featurestore, featureView: name };
  if (kind === 'monitors' && subkind === undefined) return { kind: 'monitor', featurestore, monitor: name };
  if (kind !== 'entityTypes') return undefined;
  if (subkind === undefined) return { kind: 'entityType', featurestore, entityType: name };
  if (!subname) return undefined;
  if (subkind === 'features') return { kind: 'feature', featurestore, entityType: name, feature: subname };
  if (subkind === 'entities') return parseEntity(featurestore, name, subname);
  return undefined;
}

/** The gateway makes the ids of jobs. Other text must not reach the store as a key. */
export function isJobId(text: string | undefined): text is string {
  return text !== undefined && /^[\w-]{1,64}$/.test(text);
}

function formatOptions(options: EntityReadOptions | undefined): string {
  if (!options) return '';
  const { knownAt, strictlyBefore, includeExpired } = options;
  const written = knownAt === null ? '' : `;knownAt=${formatInstant(knownAt)}`;
  return `${written}${strictlyBefore ? ';strictlyBefore' : ''}${includeExpired ? ';includeExpired' : ''}`;
}

/** Throws for options that formatOptions does not write. */
function parseOptions(words: readonly string[]): EntityReadOptions | undefined {
  if (words.length === 0) return undefined;
  const knownAt = words.find((word) => word.startsWith('knownAt='))?.slice('knownAt='.length);
  const options = {
    knownAt: knownAt === undefined ? null : parseInstant(knownAt),
    strictlyBefore: words.includes('strictlyBefore'),
    includeExpired: words.includes('includeExpired'),
  };
  if (formatOptions(options) !== `;${words.join(';')}`) throw new Error('not a resource name');
  return options;
}

function parseEntity(featurestore: string, entityType: string, segment: string): ResourceName | undefined {
  const [encoded = '', read = '', ...rest] = segment.split('@');
  if (rest.length > 0 || segment.endsWith('@')) return undefined;
  const [moment = '', ...words] = read.split(';');
  try {
    const entityId = decodeURIComponent(encoded);
    return {
      kind: 'entity',
      featurestore,
      entityType,
      entityId,
      asOf: moment === '' ? null : parseInstant(moment),
      options: parseOptions(words),
    };
  } catch {
    return undefined;
  }
}
