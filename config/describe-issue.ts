import type { z } from 'zod';

/**
 * The fault of a variable in plain words. Text is all that an environment has, so the types that zod names say little. It
 * does not repeat the value, because some are secrets.
 */
export function describeIssue(issue: z.core.$ZodIssue): string {
  return `${issue.path.join('.')}: ${says(issue)}`;
}

function says(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type' && (issue.expected === 'number' || issue.expected === 'int')) {
    return issue.expected === 'int' ? 'it must be a whole number' : 'it must be a number';
  }
  if (issue.code === 'too_big' && issue.origin !== 'string') return `it must be at most ${issue.maximum}`;
  if (issue.code === 'too_small' && issue.origin !== 'string') return `it must be at least ${issue.minimum}`;
  if (issue.code === 'invalid_value') return `it must be one of ${issue.values.map(String).join(', ')}`;
  if (issue.code === 'invalid_format' && issue.format === 'url')
    return 'it must be a URL, such as http://localhost:4318';
  return issue.message;
}
