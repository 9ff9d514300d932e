import { DEFAULT_VALIDATION, type TrainingSetSpec } from '../training-sets/training-sets.js';
import { shownFileOptions } from './file-options.js';
import { shownGeneratedLabels } from './generated-labels.js';
import type { TrainingSetJobInput } from '../schema/job/training-set-provenance.js';

/** What the client gave, from the record of the job. */
export function trainingSetJobInput(spec: TrainingSetSpec): TrainingSetJobInput {
  const { labels, joins, ttl, options, withTimestamps, validation = DEFAULT_VALIDATION } = spec;
  return {
    labelsFile: labels.kind === 'FILE' ? labels.file : null,
    labelsFileOptions: labels.kind === 'FILE' ? shownFileOptions(labels.options) : null,
    labelsTable: labels.kind === 'TABLE' ? labels.table : null,
    labelsInRequest: labels.kind === 'INLINE' ? labels.rows.length : null,
    labelsGenerated: shownGeneratedLabels(labels),
    timeColumn: labels.timeColumn,
    joins,
    // In the record, null means any age, which clients write as 0.
    ttlMicroseconds: ttl === undefined ? null : (ttl ?? 0n),
    strictlyBefore: options.strictlyBefore ?? false,
    knownAtLabelTime: options.knownAtLabelTime ?? false,
    knownAt: options.knownAt ?? null,
    includeExpired: options.includeExpired ?? false,
    withTimestamps,
    validation: validation.mode,
    validationSeed: validation.seed,
  };
}
