import { requestScope } from '../observability/request-scope.js';
import { FeatureStatistics, type StatisticsDependencies } from '../statistics/feature-statistics.js';
import { ServedSkew, type ServedSkewDependencies } from '../statistics/served-skew/served-skew.js';

/** What computes over the history for a request, and ends with it. */
export function createAnalyses(dependencies: Omit<ServedSkewDependencies & StatisticsDependencies, 'currentSignal'>): {
  readonly statistics: FeatureStatistics;
  readonly servedSkew: ServedSkew;
} {
  const ofRequest = { ...dependencies, currentSignal: () => requestScope.getStore()?.signal };
  return { statistics: new FeatureStatistics(ofRequest), servedSkew: new ServedSkew(ofRequest) };
}
