import type { Fault } from '../../../runtime/yaml/fault.js';
import { parseInstant } from '../../../values/instant.js';
import type { EntityTypeDocument, FeaturestoreDocument } from './document.js';
import { MAX_MONITORED_FEATURES, type MonitorDocument } from './monitor-document.js';
import { scheduleFaults } from './refresh-faults.js';

/** Paths are relative to the monitor. */
export function monitorFaults(document: MonitorDocument, featurestore: FeaturestoreDocument): Fault[] {
  const { entityType, featureView, checks, windowSeconds, baseline } = document;
  const faults: Fault[] = [];
  if ((entityType === null) === (featureView === null)) {
    faults.push({ path: ['entityType'], message: 'a monitor has exactly one of entityType and featureView' });
  } else faults.push(...featureFaults(document, featurestore));
  if (Object.values(checks).every((check) => check === null)) {
    faults.push({ path: ['checks'], message: 'name a check: drift, maxNullShare, maxSilentSeconds or servedSkew' });
  }
  if (checks.maxSilentSeconds !== null && checks.maxSilentSeconds > windowSeconds) {
    faults.push({
      path: ['checks', 'maxSilentSeconds'],
      message: 'a run reads the window only, so this is at most windowSeconds',
    });
  }
  if (baseline !== null && parseInstant(baseline.from) >= parseInstant(baseline.before)) {
    faults.push({ path: ['baseline', 'from'], message: 'it is not earlier than "before"' });
  }
  return [...faults, ...scheduleFaults(document.schedule, ['schedule'])];
}

function featureFaults(
  { entityType: name, featureView, features }: MonitorDocument,
  { entityTypes, featureViews }: FeaturestoreDocument,
): Fault[] {
  const view = featureViews.find((each) => each.name === featureView);
  if (featureView !== null && !view) {
    return [{ path: ['featureView'], message: `there is no feature view "${featureView}"` }];
  }
  const entityType = entityTypes.find((each) => each.name === (view?.entityType ?? name));
  // The fault of a view without its entity type is that of the view.
  if (!entityType) return view ? [] : [{ path: ['entityType'], message: `there is no entity type "${name}"` }];
  const timed = timedFeatures(entityType);
  if (features === null) {
    const checked = view ? view.features.filter((each) => timed.has(each)) : [...timed];
    if (checked.length === 0) {
      return [{ path: ['features'], message: 'all features are of static sources, whose values have no time' }];
    }
    if (checked.length <= MAX_MONITORED_FEATURES) return [];
    return [{ path: ['features'], message: `a monitor has at most ${MAX_MONITORED_FEATURES} features; name them` }];
  }
  return features.flatMap((feature, index): Fault[] => {
    const path = ['features', index];
    if (features.indexOf(feature) < index) return [{ path, message: `"${feature}" is named twice` }];
    if (view && !view.features.includes(feature)) {
      return [{ path, message: `feature view "${view.name}" has no feature "${feature}"` }];
    }
    if (timed.has(feature)) return [];
    return entityType.sources.some((source) => source.features.some((each) => each.name === feature))
      ? [{ path, message: `"${feature}" is of a static source, whose values have no time` }]
      : [{ path, message: `entity type "${entityType.name}" has no feature "${feature}"` }];
  });
}

function timedFeatures({ sources }: EntityTypeDocument): ReadonlySet<string> {
  return new Set(sources.flatMap((source) => (source.static ? [] : source.features.map((feature) => feature.name))));
}
