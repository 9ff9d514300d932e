import type { Instant } from '../../values/instant.js';

/** What happens to a row with a value that is not as expected. */
export const VIOLATION_ACTIONS = ['REJECT', 'QUARANTINE', 'WARN'] as const;
export type ViolationAction = (typeof VIOLATION_ACTIONS)[number];

/** What an expectation is about. UNIQUE_TIME is one of a source, the others are of a feature. */
export const EXPECTATION_KINDS = ['RANGE', 'SET', 'PATTERN', 'LENGTH', 'ITEMS', 'NULL_SHARE', 'UNIQUE_TIME'] as const;
export type ExpectationKind = (typeof EXPECTATION_KINDS)[number];

/** A bound of INT64 and TIMESTAMP is a bigint, one of DOUBLE a number: values are compared in their own type. */
export type ExpectedBound = bigint | number | Instant;
export type ExpectedItem = bigint | number | string | boolean;

/**
 * What the values of a feature are expected to be (docs/expectations.md). A null is no violation, except for NULL_SHARE. An expectation of
 * an array is one of each of its items; ITEMS is one of the array.
 */
export type FeatureExpectation = { readonly onViolation: ViolationAction } & (
  | {
      readonly kind: 'RANGE';
      /** Inclusive; null: there is no bound on this side. */
      readonly min: ExpectedBound | null;
      readonly max: ExpectedBound | null;
    }
  | { readonly kind: 'SET'; readonly values: readonly ExpectedItem[] }
  /** RE2 (expected-pattern.ts); the whole text matches. */
  | { readonly kind: 'PATTERN'; readonly pattern: string }
  /** In Unicode characters of a STRING, and in bytes of BYTES. */
  | { readonly kind: 'LENGTH'; readonly min: number | null; readonly max: number | null }
  /** Of an array. */
  | { readonly kind: 'ITEMS'; readonly min: number | null; readonly max: number | null }
  /** The greatest share of rows without a value, from 0 and below 1. A training set is checked, and no written row. */
  | { readonly kind: 'NULL_SHARE'; readonly max: number }
);
