import { z } from 'zod';
import { parseInstant, type Instant } from '../../../values/instant.js';
import type { Featurestore } from '../model.js';
import type { Monitor } from '../model.js';
import { MAX_FEATURE_NAME_LENGTH, resourceName, share } from './common-fields.js';
import { webUrl } from './web-url.js';

/** Each feature is a query of the offline store and up to two results in the record of each run. */
export const MAX_MONITORED_FEATURES = 200;
/** 100 years: the window and its baseline begin after the earliest time that a feature can have. */
const MAX_SECONDS = 3_153_600_000;

const seconds = z.number().int('a number of whole seconds').min(1).max(MAX_SECONDS);

const moment = z.string().refine((text) => toInstant(text) !== null, 'a time is written like 2001-04-01T00:00:00Z');

export const monitor = z
  .strictObject({
    name: resourceName(60).describe('Unique in its featurestore.'),
    description: z
      .string()
      .max(1_000)
      .nullable()
      .default(null)
      .describe('What it watches, and what to do about a finding.'),
    entityType: resourceName(60).nullable().default(null).describe('The entity type; or name a feature view.'),
    featureView: resourceName(60).nullable().default(null).describe('The feature view; or name an entity type.'),
    features: z
      .array(resourceName(MAX_FEATURE_NAME_LENGTH))
      .min(1)
      .max(MAX_MONITORED_FEATURES)
      .nullable()
      .default(null)
      .describe('The features. Absent: those of the view or the entity type, but for static sources.'),
    windowSeconds: seconds.describe('The length of the window of event time, which ends at the moment of a run.'),
    baseline: z
      .strictObject({
        from: moment.describe('The begin, inclusive, in UTC.'),
        before: moment.describe('The end, exclusive, in UTC.'),
      })
      .nullable()
      .default(null)
      .describe('The fixed range that the window is compared with. Absent: the window of the same length before it.'),
    checks: z
      .strictObject({
        drift: z
          .strictObject({
            threshold: share
              .nullable()
              .default(null)
              .describe('One threshold for all features. Absent: driftThreshold of each feature, or else 0.3.'),
          })
          .nullable()
          .default(null)
          .describe('Finds features whose values drifted from the baseline. {}: with the thresholds of the features.'),
        maxNullShare: share
          .nullable()
          .default(null)
          .describe('Finds features whose share of missing values in the window is greater.'),
        maxSilentSeconds: seconds
          .nullable()
          .default(null)
          .describe('Finds sources whose newest row is older, at most windowSeconds.'),
        servedSkew: z
          .strictObject({
            maxShare: share.default(0).describe('The share of served values that may differ. Absent: 0, none may.'),
            doubleTolerance: z
              .number()
              .min(0)
              .default(0)
              .describe('The difference of two DOUBLEs that still counts as equal. Absent: 0.'),
          })
          .nullable()
          .default(null)
          .describe(
            'Finds features whose values in the log of served values differ from the history as of each read in the window. It needs FEATUREGRAPH_SERVED_LOG_SAMPLE_RATE.',
          ),
      })
      .describe('What is checked: at least one.'),
    schedule: z
      .string()
      .nullable()
      .default(null)
      .describe(
        'When it runs: five fields of cron in UTC, or in the time zone put before them, as in CRON_TZ=Europe/Zurich 0 3 * * *.',
      ),
    maxCostUsd: z.number().min(0).nullable().default(null).describe('A run with a higher estimate is refused.'),
    webhook: z
      .strictObject({
        url: webUrl.describe('Where to POST alerts.'),
        // Another prefix could make the gateway sign with a secret of something else.
        secretVariable: z
          .string()
          .max(100)
          .regex(/^MONITOR_SECRET[A-Z0-9_]*$/, 'the name of the variable begins with MONITOR_SECRET')
          .default('MONITOR_SECRET')
          .describe('The environment variable with the secret that signs alerts. The registry never has a secret.'),
      })
      .nullable()
      .default(null)
      .describe('Who gets alerts.'),
  })
  .describe('Checks of features over a window of event time.');

export type MonitorDocument = z.infer<typeof monitor>;

export function toMonitor(
  document: MonitorDocument,
  { entityTypes, featureViews }: Pick<Featurestore, 'entityTypes' | 'featureViews'>,
): Monitor {
  const { baseline, checks, windowSeconds, entityType: name, featureView, features, ...rest } = document;
  const view = featureViews.find((each) => each.name === featureView);
  const entityType = view?.entityType ?? entityTypes.find((each) => each.name === name);
  if (!entityType) throw new Error(`findFaults let the monitor "${document.name}" through`);
  const candidates = view?.features ?? entityType.features;
  return {
    ...rest,
    kind: 'monitor',
    entityType,
    featureView,
    features: candidates.filter((feature) =>
      features === null ? feature.source.timestampColumn !== null : features.includes(feature.name),
    ),
    window: toMicros(windowSeconds),
    baseline: baseline && { from: parseInstant(baseline.from), before: parseInstant(baseline.before) },
    checks: {
      drift: checks.drift,
      maxNullShare: checks.maxNullShare,
      maxSilence: checks.maxSilentSeconds === null ? null : toMicros(checks.maxSilentSeconds),
      servedSkew: checks.servedSkew,
    },
  };
}

function toMicros(wholeSeconds: number): bigint {
  return BigInt(wholeSeconds) * 1_000_000n;
}

function toInstant(text: string): Instant | null {
  try {
    return parseInstant(text);
  } catch {
    return null;
  }
}
