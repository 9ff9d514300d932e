import type { EntityType, FeatureSource } from '../datasources/registry/model.js';

/** The versions of what reads of the past can answer, for one registry. */
export interface DataVersions {
  /**
   * The version of the history of these sources. Equal versions: a read of the past has the same answer, for the same
   * principal. It changes with each write, import and deletion, and with each other registry. null: no version is known, as
   * of stores that others can write to.
   */
  of(sources: readonly FeatureSource[]): string | null;
}

/** Of stores without versions. */
export const NO_DATA_VERSIONS: DataVersions = { of: () => null };

/** Makes the versions of a registry from those of its sources. */
export function dataVersions(
  registryVersion: string,
  versionOf: (source: FeatureSource) => string | undefined,
): DataVersions {
  return {
    of: (sources) => {
      const versions = [registryVersion];
      for (const source of sources) {
        const version = versionOf(source);
        if (version === undefined) return null;
        versions.push(version);
      }
      return versions.join('\n');
    },
  };
}

/** All sources of some entity types. */
export function sourcesOf(entityTypes: Iterable<EntityType>): FeatureSource[] {
  return Array.from(entityTypes).flatMap(({ sources }) => sources);
}
