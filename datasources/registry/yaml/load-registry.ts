import { readFile } from 'node:fs/promises';
import { LineCounter, parseDocument, type Document } from 'yaml';
import { OperatorError } from '../../../errors/operator-error.js';
import { Registry } from '../registry.js';
import { registryDocument, type FeaturestoreDocument, type RegistryDocument } from '../document/document.js';
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
    throw new OperatorError(`The registry ${path} cannot be read. FEATUREGRAPH_REGISTRY names it.`, [], { cause });
  });
  const document = parseRegistry(text, path);
  return { document, files: await readSourceFiles(document, path) };
}

/** Adds featurestores from other systems after those of the file. */
export function buildRegistry(
  { document, files }: RegistryFile,
  readElsewhere: readonly FeaturestoreDocument[] = [],
): Registry {
  const featurestores = [...document.featurestores, ...readElsewhere];
  return new Registry(toModel(featurestores, files), toModels(document.models, files.modelPaths));
}

function parseRegistry(text: string, path: string): RegistryDocument {
  const lines = new LineCounter();
  const yaml = parseDocument(text, { lineCounter: lines });
  if (yaml.errors.length > 0) {
    throw invalid(
      path,
      yaml.errors.map((error) => `${position(lines, error.pos[0])} ${error.message.split('\n')[0]}`),
    );
  }
  const parsed = registryDocument.safeParse(yaml.toJS());
  if (!parsed.success) {
    throw invalid(
      path,
      parsed.error.issues.map((issue) => describe(yaml, lines, issue.path, issue.message)),
    );
  }
  const faults = findFaults(parsed.data);
  if (faults.length > 0) {
    throw invalid(
      path,
      faults.map((fault) => describe(yaml, lines, fault.path, fault.message)),
    );
  }
  return parsed.data;
}

function invalid(path: string, faults: string[]): OperatorError {
  return new OperatorError(`The registry ${path} has ${faults.length} fault${faults.length === 1 ? '' : 's'}:`, faults);
}

function describe(yaml: Document, lines: LineCounter, path: readonly PropertyKey[], message: string): string {
  const dotted = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`)).join('');
  return `${position(lines, findOffset(yaml, path))} ${dotted.replace(/^\./, '')}: ${message}`;
}

/** The position of a path in the text; for a missing key, the position of its nearest parent. */
function findOffset(yaml: Document, path: readonly PropertyKey[]): number {
  for (let length = path.length; length > 0; length -= 1) {
    const node = yaml.getIn(path.slice(0, length), true);
    if (node && typeof node === 'object' && 'range' in node && Array.isArray(node.range)) return Number(node.range[0]);
  }
  return 0;
}

function position(lines: LineCounter, offset: number): string {
  const { line, col } = lines.linePos(offset);
  return `line ${line}, column ${col}:`;
}
