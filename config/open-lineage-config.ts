import { z } from 'zod';

const API_KEY = /^[\x21-\x7e]+$/;

/** The variables of the events of OpenLineage (docs/lineage.md). */
export const openLineageVariables = {
  FEATUREGRAPH_OPENLINEAGE_URL: z
    .url({ protocol: /^https?$/, error: 'an http or https URL' })
    .refine((url) => !hasUser(new URL(url)), 'a URL has no user and password in it: use an API key')
    .optional()
    .describe(
      'The URL that gets the events of jobs in the format of OpenLineage, e.g. http://localhost:5000/api/v1/lineage of Marquez (docs/lineage.md). Empty: no events.',
    ),
  FEATUREGRAPH_OPENLINEAGE_API_KEY: z
    .string()
    .regex(API_KEY, 'printable characters of ASCII without spaces')
    .optional()
    .describe('The API key that FEATUREGRAPH_OPENLINEAGE_URL asks for. Empty: none.'),
  FEATUREGRAPH_OPENLINEAGE_API_KEY_FILE: z
    .string()
    .min(1)
    .optional()
    .describe('The file with that API key, instead of the variable. It is read again for each event.'),
  FEATUREGRAPH_OPENLINEAGE_NAMESPACE: z
    .string()
    .min(1)
    .max(200)
    .default('featuregraph')
    .describe('The namespace of jobs, and of datasets that only this gateway has, in the events of OpenLineage.'),
} satisfies Record<string, z.ZodType>;

export interface OpenLineageConfig {
  readonly url: string;
  readonly apiKey: string | null;
  readonly apiKeyFile: string | null;
  readonly namespace: string;
}

interface Variables {
  readonly FEATUREGRAPH_OPENLINEAGE_URL?: string | undefined;
  readonly FEATUREGRAPH_OPENLINEAGE_API_KEY?: string | undefined;
  readonly FEATUREGRAPH_OPENLINEAGE_API_KEY_FILE?: string | undefined;
  readonly FEATUREGRAPH_OPENLINEAGE_NAMESPACE: string;
}

/** A password can have no user. The error of a request to such a URL has both, for the log. */
function hasUser({ username, password }: URL): boolean {
  return username !== '' || password !== '';
}

/** The key of a file. A header refuses other characters with an error that has the whole key. Throws an Error without it. */
export function parseApiKey(text: string): string {
  const key = text.trim();
  if (API_KEY.test(key)) return key;
  throw new Error('the file of the API key does not have one line of printable characters of ASCII without spaces');
}

/** A key that is never sent, or one of two, would be a mistake that nothing shows. */
export function refuseUnusedLineage(
  variables: Omit<Variables, 'FEATUREGRAPH_OPENLINEAGE_NAMESPACE'>,
  context: z.RefinementCtx,
): void {
  const {
    FEATUREGRAPH_OPENLINEAGE_URL: url,
    FEATUREGRAPH_OPENLINEAGE_API_KEY: key,
    FEATUREGRAPH_OPENLINEAGE_API_KEY_FILE: file,
  } = variables;
  const refuse = (name: keyof typeof variables, message: string): void =>
    context.addIssue({ code: 'custom', path: [name], message });
  if (key !== undefined && file !== undefined) {
    refuse('FEATUREGRAPH_OPENLINEAGE_API_KEY_FILE', 'FEATUREGRAPH_OPENLINEAGE_API_KEY is set too: set one of them');
  }
  if (url !== undefined) return;
  const message = 'is for FEATUREGRAPH_OPENLINEAGE_URL: set that too';
  if (key !== undefined) refuse('FEATUREGRAPH_OPENLINEAGE_API_KEY', message);
  if (file !== undefined) refuse('FEATUREGRAPH_OPENLINEAGE_API_KEY_FILE', message);
}

export function toOpenLineage(variables: Variables): OpenLineageConfig | null {
  const { FEATUREGRAPH_OPENLINEAGE_URL: url } = variables;
  if (url === undefined) return null;
  return {
    url,
    apiKey: variables.FEATUREGRAPH_OPENLINEAGE_API_KEY ?? null,
    apiKeyFile: variables.FEATUREGRAPH_OPENLINEAGE_API_KEY_FILE ?? null,
    namespace: variables.FEATUREGRAPH_OPENLINEAGE_NAMESPACE,
  };
}
