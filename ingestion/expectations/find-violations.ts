import { describeExpectation } from '../../datasources/registry/describe-expectation.js';
import type { ExpectationKind, ViolationAction } from '../../datasources/registry/expectation.js';
import type { Feature } from '../../datasources/registry/model.js';
import type { RawValue } from '../../values/value-type.js';
import { compileExpectation, type IsExpected } from './is-expected.js';

/** Violations of a row that are listed. A row of 200 features would otherwise fill an answer, a message or a line. */
const MAX_VIOLATIONS = 10;

/** A value that is not as the registry expects. It has the expectation, and never the value. */
export interface Violation {
  readonly feature: string;
  readonly kind: ExpectationKind;
  readonly action: ViolationAction;
  /** A sentence for clients. */
  readonly message: string;
}

/** A row with violations. */
export interface ViolatedRow {
  /** Its number in the request. */
  readonly row: number;
  /** At most 10. Those of the action that was taken come first. */
  readonly violations: readonly Violation[];
}

/** An expectation of the feature at a place of rows. */
export interface ValueCheck {
  readonly index: number;
  readonly isExpected: IsExpected;
  readonly violation: Violation;
}

const checks = new WeakMap<Feature, readonly Omit<ValueCheck, 'index'>[]>();

/** The checks of rows with these features, in their order. Empty for most. */
export function listChecks(features: readonly Feature[]): readonly ValueCheck[] {
  return features.flatMap((feature, index) => checksOf(feature).map((check) => ({ index, ...check })));
}

function checksOf(feature: Feature): readonly Omit<ValueCheck, 'index'>[] {
  let compiled = checks.get(feature);
  if (!compiled) {
    // A share is one of many rows: a training set checks it.
    const ofValues = feature.expectations.filter((expectation) => expectation.kind !== 'NULL_SHARE');
    compiled = ofValues.map((expectation) => ({
      isExpected: compileExpectation(feature, expectation),
      violation: {
        feature: feature.name,
        kind: expectation.kind,
        action: expectation.onViolation,
        message: `The value of "${feature.name}" is not as expected: ${describeExpectation(feature, expectation)}.`,
      },
    }));
    checks.set(feature, compiled);
  }
  return compiled;
}

const STRICTEST: Readonly<Record<ViolationAction, number>> = { REJECT: 0, QUARANTINE: 1, WARN: 2 };

/** The violations of a row, the strictest first: the action of the first is that of the row. Nulls violate nothing. */
export function findViolations(
  checked: readonly ValueCheck[],
  values: readonly (RawValue | null)[],
): readonly [Violation, ...Violation[]] | undefined {
  let found: Violation[] | undefined;
  for (const { index, isExpected, violation } of checked) {
    const value = values[index] ?? null;
    if (value !== null && !isExpected(value)) (found ??= []).push(violation);
  }
  if (!found) return undefined;
  found.sort((one, other) => STRICTEST[one.action] - STRICTEST[other.action]);
  return found.slice(0, MAX_VIOLATIONS) as [Violation, ...Violation[]];
}
