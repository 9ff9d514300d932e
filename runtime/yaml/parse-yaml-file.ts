import { isMap, isScalar, type Document } from 'yaml';
import type { z } from 'zod';
import { OperatorError } from '../../errors/operator-error.js';
import { parseYaml, type YamlText } from '../parse-yaml.js';
import { describeValue } from './describe-value.js';
import type { Fault } from './fault.js';
import { describeUnknownKeys } from './unknown-keys.js';

/** A kind of YAML file. */
export interface YamlShape<Content> {
  /** The file at the start of a sentence, such as `The registry registry.yaml`. */
  readonly what: string;
  readonly schema: z.ZodType<Content>;
  /** The JSON Schema of the same shape, which says which keys are known. */
  readonly jsonSchema: () => object;
  /** Checks that the shape cannot express. */
  readonly findFaults: (content: Content) => Fault[];
}

export interface ParsedYaml<Content> {
  readonly content: Content;
  /** The text of a further fault, with its line and column in the file. */
  readonly describe: (fault: Fault) => string;
}

/** The content of a YAML file. An OperatorError has all faults at once, each with line and column. */
export function parseYamlFile<Content>(text: string, shape: YamlShape<Content>): ParsedYaml<Content> {
  const { document: yaml, content, faults: yamlFaults, position } = parseYaml(text);
  if (yamlFaults.length > 0) throw invalid(shape.what, yamlFaults);
  const describe = (fault: Fault): string => describeFault(yaml, position, fault);
  const parsed = shape.schema.safeParse(content);
  if (!parsed.success) {
    const faults = parsed.error.issues.flatMap((issue) => toFaults(shape.jsonSchema(), content, issue));
    throw invalid(shape.what, faults.map(describe));
  }
  const faults = shape.findFaults(parsed.data);
  if (faults.length > 0) throw invalid(shape.what, faults.map(describe));
  return { content: parsed.data, describe };
}

/** Each unknown key is a fault of its own, with the key that was probably meant. */
function toFaults(
  jsonSchema: object,
  content: unknown,
  issue: z.core.$ZodIssue,
  parent: readonly PropertyKey[] = [],
): Fault[] {
  const path = [...parent, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    return describeUnknownKeys(jsonSchema, path, issue.keys, findValue(content, path));
  }
  const general = { path, message: describeValue(issue, findValue(content, path)) };
  if (issue.code !== 'invalid_union') return [general];
  // Of several shapes, such as a path or an object: one whose only faults are its keys is the one that was meant.
  const nested = issue.errors.map((issues) => ({
    keys: issues.filter(({ code }) => code === 'unrecognized_keys'),
    areKeysAll: issues.every(({ code }) => code === 'unrecognized_keys'),
  }));
  const meant = nested.find(({ keys }) => keys.length > 0);
  const keyFaults = meant?.keys.flatMap((key) => toFaults(jsonSchema, content, key, path)) ?? [];
  return meant?.areKeysAll === true ? keyFaults : [general, ...keyFaults];
}

function findValue(content: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, step) => (value as Record<PropertyKey, unknown> | undefined)?.[step], content);
}

function invalid(what: string, faults: readonly string[]): OperatorError {
  return new OperatorError(`${what} has ${faults.length} fault${faults.length === 1 ? '' : 's'}:`, faults);
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
