import { createRequire } from 'node:module';
import { refuse } from './refusal.js';

/**
 * Checks a request as the API does, from what the package's own protos say of its fields: those marked REQUIRED must be
 * there, and a resource name must have the shape of its resource, be of this project and of this endpoint's region.
 */
export interface Region {
  readonly project: string;
  readonly location: string;
  /** Other projects that the caller may use. */
  readonly otherProjects?: readonly string[];
}

interface Field {
  readonly type: string;
  readonly rule?: string;
  readonly keyType?: string;
  readonly options?: Readonly<Record<string, unknown>>;
}
interface Message {
  readonly fields?: Readonly<Record<string, Field>>;
  readonly options?: Readonly<Record<string, unknown>>;
  readonly nested?: Readonly<Record<string, Message>>;
}

const require = createRequire(import.meta.url);
const aiplatform: Readonly<Record<string, { readonly nested: Readonly<Record<string, Message>> }>> =
  require('@google-cloud/aiplatform/build/protos/protos.json').nested.google.nested.cloud.nested.aiplatform.nested;

const BEHAVIOUR = '(google.api.field_behavior)';
const REFERENCE = '(google.api.resource_reference)';

export function checkRequest(version: 'v1' | 'v1beta1', messageName: string, request: unknown, region: Region): void {
  const messages = aiplatform[version]!.nested;
  const message = messages[messageName];
  if (!message) throw new Error(`the protos of ${version} have no message ${messageName}`);
  checkMessage(messages, message, request as any, '', region);
}

function checkMessage(
  messages: Readonly<Record<string, Message>>,
  message: Message,
  value: Readonly<Record<string, any>>,
  path: string,
  region: Region,
): void {
  for (const [name, field] of Object.entries(message.fields ?? {})) {
    const at = path === '' ? name : `${path}.${name}`;
    const given = value[name];
    if (isEmpty(field, given)) {
      if (field.options?.[BEHAVIOUR] === 'REQUIRED') {
        refuse('INVALID_ARGUMENT', `Field: ${at}; Message: required and not set`);
      }
      continue;
    }
    checkResourceName(messages, field, given, at, region);
    const type = message.nested?.[field.type] ?? messages[field.type];
    if (!type?.fields) continue;
    const children = field.keyType ? Object.values(given as object) : field.rule === 'repeated' ? given : [given];
    for (const child of children) checkMessage(messages, type, child, at, region);
  }
}

function isEmpty(field: Field, value: unknown): boolean {
  if (value === null || value === undefined || value === '') return true;
  if (Array.isArray(value)) return value.length === 0;
  return field.keyType !== undefined && Object.keys(value).length === 0;
}

function checkResourceName(
  messages: Readonly<Record<string, Message>>,
  field: Field,
  name: unknown,
  at: string,
  region: Region,
): void {
  const parentOf = field.options?.[`${REFERENCE}.child_type`];
  const type = field.options?.[`${REFERENCE}.type`] ?? parentOf;
  if (typeof type !== 'string' || typeof name !== 'string') return;
  const patterns = listNamePatterns(messages, type, parentOf !== undefined);
  const parts = patterns.map((pattern) => pattern.exec(name)).find(Boolean);
  if (!parts) refuse('INVALID_ARGUMENT', `Field: ${at}; Message: "${name}" is not the name of a ${type}`);
  const [, project, location] = parts;
  if (project !== region.project && !region.otherProjects?.includes(project!))
    refuse('PERMISSION_DENIED', `Permission denied on resource project ${project}`);
  if (location !== region.location) {
    refuse('INVALID_ARGUMENT', `Field: ${at}; Message: the location ID ${location} does not match the endpoint`);
  }
}

function listNamePatterns(messages: Readonly<Record<string, Message>>, type: string, isParent: boolean): RegExp[] {
  // Not one of Vertex AI's own resources: its protos do not describe it.
  if (type === 'locations.googleapis.com/Location') return [/^projects\/([^/]+)\/locations\/([^/]+)$/];
  const message = Object.values(messages).find(({ options }) => options?.['(google.api.resource).type'] === type);
  const pattern = message?.options?.['(google.api.resource).pattern'];
  if (typeof pattern !== 'string') throw new Error(`the protos have no resource ${type}`);
  const all = [pattern];
  // The JSON of the protos keeps one pattern; a model of a publisher has another name.
  if (type.endsWith('/Model')) all.push(pattern.replace('models/', 'publishers/{publisher}/models/'));
  // A feature has a pattern for each generation, of which the JSON of the protos keeps the last.
  if (type.endsWith('/Feature'))
    all.push(pattern.replace('featureGroups/', 'featurestores/{featurestore}/entityTypes/'));
  return all.map((text) => {
    const segments = text.split('/').slice(0, isParent ? -2 : undefined);
    // The pattern of a sync lost the braces of its last part.
    const parts = segments.map((part, index) => (index % 2 === 0 ? part : index < 4 ? '([^/]+)' : '[^/]+'));
    return new RegExp(`^${parts.join('/')}$`);
  });
}
