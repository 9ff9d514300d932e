import type { Monitor } from '../datasources/registry/model.js';
import { formatInstant } from '../values/instant.js';
import { findingKey, type MonitorCheck, type MonitorRunRecord } from './monitors.js';

/** The findings that an alert lists, of each list; the counts are of all. */
const MAX_LISTED = 100;

export interface AlertChange {
  readonly isChanged: boolean;
  /** What the server knows without this alert. */
  readonly told: readonly string[];
  /** What it knows after it. */
  readonly toldAfter: readonly string[];
}

/** An alert is sent when a finding began that the server was not told of, or one ended that it was told of. */
export function decideAlert(checks: readonly MonitorCheck[], told: readonly string[]): AlertChange {
  // A window without values does not tell that a finding has ended.
  const isUnknown = (check: MonitorCheck): boolean => check.value === null && told.includes(findingKey(check));
  const toldAfter = checks.filter((check) => check.isFinding || isUnknown(check)).map(findingKey);
  const isChanged = toldAfter.some((key) => !told.includes(key)) || told.some((key) => !toldAfter.includes(key));
  return { isChanged, told, toldAfter };
}

/** The body of an alert, as JSON (docs/monitors.md). It has names and numbers, and no feature value. */
export function toAlertBody(
  { name, entityType }: Monitor,
  { id, createdAt }: MonitorRunRecord,
  checks: readonly MonitorCheck[],
  { told, toldAfter }: AlertChange,
): string {
  const findings = checks.filter(({ isFinding }) => isFinding);
  const recovered = told.filter((key) => !toldAfter.includes(key));
  return JSON.stringify({
    job: `jobs/${id}`,
    featurestore: entityType.featurestore.name,
    entityType: entityType.name,
    monitor: name,
    at: formatInstant(createdAt),
    counts: { findings: findings.length, recovered: recovered.length },
    findings: findings.slice(0, MAX_LISTED).map((finding) => {
      const { check, source, feature, metric, value, threshold } = finding;
      return { check, source, feature, metric, value, threshold, isNew: !told.includes(findingKey(finding)) };
    }),
    recovered: recovered.slice(0, MAX_LISTED).map((key) => {
      const [check, source, feature] = key.split('/');
      return { check, source, feature: feature === '' ? null : feature };
    }),
  });
}
