import MiniSearch from 'minisearch';
import type { Feature } from './model.js';
import type { Registry } from './registry.js';

/** The weight of a match in each field: users mostly search for a feature by its name. */
const FIELDS = { name: 4, description: 2, entityType: 2, labels: 1, owner: 1, unit: 1 };

/** Full-text search over the features of a registry: by word prefixes, and by words with one or two wrong letters. */
export class FeatureSearch {
  readonly #index: MiniSearch;
  readonly #features: readonly Feature[];

  constructor(registry: Registry) {
    this.#features = registry.featurestores.flatMap((featurestore) =>
      featurestore.entityTypes.flatMap((entityType) => entityType.features),
    );
    this.#index = new MiniSearch({
      fields: Object.keys(FIELDS),
      searchOptions: { boost: FIELDS, prefix: true, fuzzy: 0.2, combineWith: 'AND' },
    });
    this.#index.addAll(
      this.#features.map((feature, id) => ({
        id,
        name: feature.name.replaceAll('_', ' '),
        description: feature.description ?? '',
        entityType: `${feature.entityType.featurestore.name} ${feature.entityType.name}`,
        labels: Object.entries(feature.labels).flat().join(' '),
        owner: feature.owner ?? '',
        unit: feature.unit ?? '',
      })),
    );
  }

  /** Best match first; equal matches are in the order of the registry. */
  search(text: string): Feature[] {
    return this.#index
      .search(text.replaceAll('_', ' '))
      .sort((a, b) => b.score - a.score || Number(a.id) - Number(b.id))
      .flatMap(({ id }) => this.#features[Number(id)] ?? []);
  }
}
