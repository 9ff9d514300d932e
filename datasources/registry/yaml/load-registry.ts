import { readFile } from 'node:fs/promises';
import { OperatorError } from '../../../errors/operator-error.js';
import { Registry } from '../registry.js';
import { parseYamlFile, type ParsedYaml } from '../../../runtime/yaml/parse-yaml-file.js';
import {
  registryDocument,
  registryJsonSchema,
  type FeaturestoreDocument,
  type RegistryDocument,
} from '../document/document.js';
import { findFaults } from '../document/find-faults.js';
import { toModels } from '../document/model-entries.js';
import { readSourceFiles, type RegistryFiles } from './source-files.js';
import { toModel } from '../document/to-model.js';

/** A registry file without faults, and its referenced files. */
export interface RegistryFile {
  readonly document: RegistryDocument;
  readonly files: RegistryFiles;
}

/** The registry of a file without external featurestores. composition/registry.ts also reads those from Vertex AI. */
export async function loadRegistry(path: string): Promise<Registry> {
  return buildRegistry(await readRegistryFile(path));
}

/**
 * Reads a registry file. It reports all faults at once, each with line and column, because finding one fault per
 * restart is tedious.
 */
export async function readRegistryFile(path: string): Promise<RegistryFile> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    const why = whyUnreadable((cause as NodeJS.ErrnoException).code);
    throw new OperatorError(`The registry ${path} ${why}. FEATUREGRAPH_REGISTRY or an argument names it.`, [], {
      cause,
    });
  });
  const { content: document, describe } = parseRegistry(text, path);
  const { files, faults } = await readSourceFiles(document, path);
  if (faults.length > 0) {
    throw new OperatorError(`The registry ${path} names files that cannot be read:`, faults.map(describe));
  }
  return { document, files };
}

/** Adds featurestores from other systems after those of the file. */
export function buildRegistry(
  { document, files }: RegistryFile,
  readElsewhere: readonly FeaturestoreDocument[] = [],
): Registry {
  const featurestores = [...document.featurestores, ...readElsewhere];
  return new Registry(toModel(featurestores, files), toModels(document.models, files.modelPaths));
}

function parseRegistry(text: string, path: string): ParsedYaml<RegistryDocument> {
  return parseYamlFile(text, {
    what: `The registry ${path}`,
    schema: registryDocument,
    jsonSchema: registryJsonSchema,
    findFaults,
  });
}

function whyUnreadable(code: string | undefined): string {
  if (code === 'ENOENT') return 'is not there';
  if (code === 'EISDIR') return 'is a folder. Name the file in it, such as registry.yaml';
  return code === 'EACCES' ? 'cannot be read: this user has no permission to read it' : 'cannot be read';
}
