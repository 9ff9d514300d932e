import { readFile } from 'node:fs/promises';
import type { Registry } from '../../datasources/registry/registry.js';
import { OperatorError } from '../../errors/operator-error.js';
import { parseYamlFile } from '../../runtime/yaml/parse-yaml-file.js';
import { policyDocument, policyJsonSchema, type PolicyDocument } from './policy-document.js';
import { findPolicyFaults } from './policy-faults.js';

/**
 * Reads a policy file and checks it against the registry. It reports all faults at once, each with line and column. null
 * if there is no policy: everything is allowed.
 */
export async function loadPolicy(path: string | null, registry: Registry): Promise<PolicyDocument | null> {
  if (path === null) return null;
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new OperatorError(`The policy ${path} cannot be read. FEATUREGRAPH_POLICY names it.`, [], { cause });
  });
  return parsePolicy(text, registry, path);
}

export function parsePolicy(text: string, registry: Registry, path = 'policy.yaml'): PolicyDocument {
  return parseYamlFile(text, {
    what: `The policy ${path}`,
    schema: policyDocument,
    jsonSchema: policyJsonSchema,
    findFaults: (document) => findPolicyFaults(document, registry),
  }).content;
}
