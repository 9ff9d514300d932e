import type { z } from 'zod';

/** The types of YAML, in the words of people who write it. */
const TYPES: Readonly<Record<string, string>> = {
  object: 'an object with keys',
  record: 'an object with keys',
  array: 'a list',
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
};

/** What is wrong with a value of a wrong type, or that is none of the words to choose from. */
export function describeValue(issue: z.core.$ZodIssue, value: unknown): string {
  const wanted = wantedValue(issue);
  if (wanted === undefined) return issue.message;
  if (value === undefined) return `it is missing; it is ${wanted}`;
  if (value === null) return `there is nothing here, where ${wanted} is wanted`;
  if (issue.code === 'invalid_value') return `this is not ${wanted}`;
  const given = Array.isArray(value) ? 'a list' : (TYPES[typeof value] ?? typeof value);
  return `this is ${given}, where ${wanted} is wanted`;
}

function wantedValue(issue: z.core.$ZodIssue): string | undefined {
  if (issue.code === 'invalid_type') return TYPES[issue.expected] ?? issue.expected;
  return issue.code === 'invalid_value' ? `one of ${issue.values.map(String).join(', ')}` : undefined;
}
