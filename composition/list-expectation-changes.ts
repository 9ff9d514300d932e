import { describeExpectation } from '../datasources/registry/describe-expectation.js';
import type { Feature, FeatureSource } from '../datasources/registry/model.js';
import type { Registry } from '../datasources/registry/registry.js';
import { findStored } from './list-renames.js';

/** What is expected of the values of features that is not expected now, and the reverse, for people. */
export function listExpectationChanges(present: Registry, next: Registry): string[] {
  const sources = next.featurestores.flatMap(({ entityTypes }) => entityTypes.flatMap(({ sources }) => sources));
  return sources.flatMap((source) => {
    const before = findStored(present, source);
    return [
      ...ofSource(before, source),
      ...source.features.flatMap((feature) => ofFeature(before && findFeature(before, feature), feature)),
    ];
  });
}

function findFeature({ features }: FeatureSource, { name, renamedFrom }: Feature): Feature | undefined {
  return features.find((one) => one.name === name) ?? features.find((one) => one.name === renamedFrom);
}

function ofSource(before: FeatureSource | undefined, after: FeatureSource): string[] {
  const [old, now] = [before?.onRepeatedTime ?? null, after.onRepeatedTime];
  if (old === now) return [];
  const what = `${after.entityType.featurestore.name}.${after.entityType.name}, source ${after.name}: one row of an entity at a time`;
  return [now === null ? `${what} is no longer expected` : `${what} (${now}) is expected from now on`];
}

function ofFeature(before: Feature | undefined, after: Feature): string[] {
  const [old, now] = [before ? describeAll(before) : [], describeAll(after)];
  const name = `${after.entityType.featurestore.name}.${after.entityType.name}.${after.name}`;
  return [
    ...now.filter((text) => !old.includes(text)).map((text) => `${name}: ${text} is expected from now on`),
    ...old.filter((text) => !now.includes(text)).map((text) => `${name}: ${text} is no longer expected`),
  ];
}

function describeAll(feature: Feature): string[] {
  return feature.expectations.map(
    (expectation) => `${describeExpectation(feature, expectation)} (${expectation.onViolation})`,
  );
}
