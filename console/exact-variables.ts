import type { Fetcher } from '@graphiql/toolkit';

/**
 * A fetcher that sends no variable whose digits the page has lost. GraphiQL reads variables as JavaScript numbers, so the
 * gateway would refuse 9007199254740993 and suggest to send "9007199254740992".
 */
export function exactVariables(fetcher: Fetcher): Fetcher {
  return (parameters, options) => {
    const rounded = roundedIn(parameters.variables, []);
    if (rounded) {
      const sentence = `The variable ${rounded} is a whole number beyond 2^53. This page cannot read its digits: write it as a string.`;
      throw new Error(sentence);
    }
    return fetcher(parameters, options);
  };
}

/** The path of the first number that may have lost digits. */
function roundedIn(value: unknown, path: readonly string[]): string | undefined {
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) return path.join('.');
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, item] of Object.entries(value)) {
    const found = roundedIn(item, [...path, key]);
    if (found !== undefined) return found;
  }
  return undefined;
}
