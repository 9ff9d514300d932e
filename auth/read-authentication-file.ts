import { readFile } from 'node:fs/promises';
import { OperatorError } from '../errors/operator-error.js';
import { parseYamlFile } from '../runtime/yaml/parse-yaml-file.js';
import { authenticationDocument, authenticationJsonSchema, type AuthenticationDocument } from './document.js';

/** Reads the authentication file. Reports all faults at once, each with line and column. */
export async function readAuthenticationFile(path: string): Promise<AuthenticationDocument> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new OperatorError(
      `The authentication file ${path} cannot be read. FEATUREGRAPH_AUTHENTICATION names it.`,
      [],
      { cause },
    );
  });
  return parseYamlFile(text, {
    what: `The authentication file ${path}`,
    schema: authenticationDocument,
    jsonSchema: authenticationJsonSchema,
    findFaults: () => [],
  }).content;
}
