import { readFile } from 'node:fs/promises';
import { isMap, isScalar, type Document } from 'yaml';
import type { z } from 'zod';
import { OperatorError } from '../../../errors/operator-error.js';
import { parseYaml, type YamlText } from '../../../runtime/parse-yaml.js';
import { Registry } from '../registry.js';
import { registryDocument, type FeaturestoreDocument, type RegistryDocument } from '../document/document.js';
import type { Fault } from '../document/fault.js';
import { findFaults } from '../document/find-faults.js';
import { toModels } from '../document/model-entries.js';
import { describeUnknownKeys } from '../document/unknown-keys.js';
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
    const why = (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'is not there' : 'cannot be read';
    throw new OperatorError(`The registry ${path} ${why}. FEATUREGRAPH_REGISTRY or an argument names it.`, [], {
      cause,
    });
  });
  const { document, describe } = parseRegistry(text, path);
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

interface ParsedRegistry {
  readonly document: RegistryDocument;
  /** The text of a fault, with its line and column in the file. */
  readonly describe: (fault: Fault) => string;
}

function parseRegistry(text: string, path: string): ParsedRegistry {
  const { document: yaml, content, faults: yamlFaults, position } = parseYaml(text);
  if (yamlFaults.length > 0) throw invalid(path, yamlFaults);
  const describe = (fault: Fault): string => describeFault(yaml, position, fault);
  const parsed = registryDocument.safeParse(content);
  if (!parsed.success) {
    throw invalid(path, parsed.error.issues.flatMap((issue) => toFaults(content, issue)).map(describe));
  }
  const faults = findFaults(parsed.data);
  if (faults.length > 0) {
    throw invalid(path, faults.map(describe));
  }
  return { document: parsed.data, describe };
}

/** Each unknown key is a fault of its own, with the key that was probably meant. */
function toFaults(content: unknown, issue: z.core.$ZodIssue, parent: readonly PropertyKey[] = []): Fault[] {
  const path = [...parent, ...issue.path];
  if (issue.code === 'unrecognized_keys') return describeUnknownKeys(path, issue.keys, findValue(content, path));
  const general = { path, message: describeValue(issue, findValue(content, path)) };
  if (issue.code !== 'invalid_union') return [general];
  // Of several shapes, such as a path or an object: one whose only faults are its keys is the one that was meant.
  const nested = issue.errors.map((issues) => ({
    keys: issues.filter(({ code }) => code === 'unrecognized_keys'),
    areKeysAll: issues.every(({ code }) => code === 'unrecognized_keys'),
  }));
  const meant = nested.find(({ keys }) => keys.length > 0);
  const keyFaults = meant?.keys.flatMap((key) => toFaults(content, key, path)) ?? [];
  return meant?.areKeysAll === true ? keyFaults : [general, ...keyFaults];
}

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

function describeValue(issue: z.core.$ZodIssue, value: unknown): string {
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

function findValue(content: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, step) => (value as Record<PropertyKey, unknown> | undefined)?.[step], content);
}

function invalid(path: string, faults: readonly string[]): OperatorError {
  return new OperatorError(`The registry ${path} has ${faults.length} fault${faults.length === 1 ? '' : 's'}:`, faults);
}

function describeFault(yaml: Document, position: YamlText['position'], { path, key, message }: Fault): string {
  const dotted = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`)).join('');
  const offset = findKeyOffset(yaml, path, key) ?? findOffset(yaml, path);
  return [position(offset), ...(dotted === '' ? [] : [`${dotted.replace(/^\./, '')}:`]), message].join(' ');
}

function findKeyOffset(yaml: Document, path: readonly PropertyKey[], key: string | undefined): number | undefined {
  const object = yaml.getIn(path, true);
  const keys = isMap(object) ? object.items.map((pair) => pair.key).filter(isScalar) : [];
  return keys.find(({ value }) => key !== undefined && String(value) === key)?.range?.[0];
}

/** The position of a path in the text; for a missing key, the position of its nearest parent. */
function findOffset(yaml: Document, path: readonly PropertyKey[]): number {
  for (let length = path.length; length > 0; length -= 1) {
    const node = yaml.getIn(path.slice(0, length), true);
    if (node && typeof node === 'object' && 'range' in node && Array.isArray(node.range)) return Number(node.range[0]);
  }
  return 0;
}
