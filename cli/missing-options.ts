import { OperatorError } from '../errors/operator-error.js';
import type { GeneratedLabelFlags } from './generated-label-flags.js';

/** An option that a command needs, and what is to say about it. */
export type NeededOption = readonly [isGiven: boolean, what: string];

/** Without a file of the input, the options say all of it. The gateway would name fields of the input, and no options. */
export function requireOptions(needed: readonly NeededOption[]): void {
  const missing = needed.flatMap(([isGiven, what]) => (isGiven ? [] : [what]));
  if (missing.length > 0) {
    throw new OperatorError('Add these options, or a file with the whole input (--input):', missing);
  }
}

/** What generated labels need beside the rule that makes them. */
export function neededTimes({ every, eventsOf, from, until }: GeneratedLabelFlags): NeededOption[] {
  const isGenerated = every !== undefined || eventsOf !== undefined;
  return [
    [!isGenerated || from !== undefined, '--from: the first time of --every or --events-of'],
    [!isGenerated || until !== undefined, '--until: the end of the times of --every or --events-of'],
  ];
}
