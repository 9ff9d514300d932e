import Table from 'cli-table3';
import { text } from './statistics-tables.js';

interface FeatureSkew {
  readonly feature: { readonly name: string };
  readonly compared: number;
  readonly equal: number;
  readonly different: number;
  readonly missingServed: number;
  readonly missingTrained: number;
  readonly statuses: readonly { readonly trained: string | null; readonly served: string; readonly count: number }[];
  readonly examples: readonly SkewExample[];
}

interface SkewExample {
  readonly entityId: string;
  readonly labelTime: string;
  readonly readAt: string;
  readonly trainedValue: unknown;
  readonly servedValue: unknown;
  readonly servedStatus: string;
  readonly trainedTimestamp: string | null;
  readonly servedTimestamp: string | null;
  readonly reason: string;
}

/** A comparison, as the API gives it. */
export interface Skew {
  readonly compared: number;
  readonly isComplete: boolean;
  readonly earliestRead: string | null;
  readonly latestRead: string | null;
  readonly features: readonly FeatureSkew[];
}

/** Whether a value of one side is not that of the other. */
export function isSkewed({ features }: Skew): boolean {
  return features.some(({ compared, equal }) => equal < compared);
}

/** Whether a served value was beside one of training at all. Without one, nothing says that they are equal. */
export function isCompared({ features }: Skew): boolean {
  return features.some(({ compared }) => compared > 0);
}

/** A line for each feature, and one for each example. `hasLabels`: reads were compared with the labels of a training set. */
export function skewReport(skew: Skew, { hasLabels }: { readonly hasLabels: boolean }): string {
  const { compared, isComplete, earliestRead, latestRead, features } = skew;
  if (earliestRead === null) {
    return 'Nothing was compared: the log of served values has no reads of this entity type in the range.\n';
  }
  if (hasLabels && compared === 0) {
    return (
      `Nothing was compared: no label has a read of its entity near it. The reads are from ${earliestRead} to ${latestRead}.\n` +
      'A greater --tolerance-seconds, or --match around, finds reads that are further away.\n'
    );
  }
  if (!isCompared(skew)) {
    return (
      `Nothing was compared: no read from ${earliestRead} to ${latestRead} has values of these features.\n` +
      'The log has the features that clients asked for, and those of sensitivity PERSONAL only if it is set so.\n'
    );
  }
  const lines = [
    `Compared: ${compared}${isComplete ? '' : ' (not all: give a shorter range for the others)'}, read from ${earliestRead} to ${latestRead}.`,
    countsTable(features),
  ];
  const examples = features.flatMap(({ feature, examples: of }) =>
    of.map((example) => [feature.name, example] as const),
  );
  if (examples.length > 0) lines.push(examplesTable(examples));
  return `${lines.join('\n')}\n`;
}

function countsTable(features: readonly FeatureSkew[]): string {
  const head = ['feature', 'compared', 'equal', 'different', 'not served', 'not trained', 'statuses (trained/served)'];
  const table = new Table({ head, style: { head: [], border: [] } });
  for (const { feature, compared, equal, different, missingServed, missingTrained, statuses } of features) {
    const met = statuses.map(({ trained, served, count }) => `${trained ?? 'none'}/${served} ${count}`).join(', ');
    table.push([feature.name, compared, equal, different, missingServed, missingTrained, met]);
  }
  return table.toString();
}

function examplesTable(examples: readonly (readonly [name: string, of: SkewExample])[]): string {
  const head = ['feature', 'entity', 'label', 'read', 'trained', 'of', 'served', 'of', 'likely reason'];
  const table = new Table({ head, style: { head: [], border: [] } });
  for (const [name, of] of examples) {
    table.push([
      name,
      text(of.entityId),
      of.labelTime,
      of.readAt,
      shown(of.trainedValue) || 'none',
      of.trainedTimestamp ?? '',
      shown(of.servedValue) || of.servedStatus,
      of.servedTimestamp ?? '',
      of.reason,
    ]);
  }
  return table.toString();
}

/** With all digits of a number: the last ones may be the difference. */
function shown(value: unknown): string {
  return text(typeof value === 'number' ? String(value) : value);
}
