import { basename, relative, resolve, sep } from 'node:path';
import type { FileReader } from '../datasources/files/file-reader.js';
import { FileFault } from '../datasources/files/file-fault.js';
import { draftRegistry, type RegistryDraft } from '../datasources/registry/draft/draft-registry.js';
import { draftFiles, type DraftFile } from '../datasources/registry/draft/draft-text.js';
import { examineTable, type ExaminedTable } from '../datasources/registry/draft/examine-table.js';
import { findTables, type FoundTable } from '../datasources/registry/draft/find-tables.js';
import { toLegalName, type SchemaNames } from '../datasources/registry/draft/legal-names.js';
import { checkDraftOptions, type DraftFileOptions } from '../datasources/registry/draft/table-options.js';
import { findUnused, toWish, type TimeUnit } from '../datasources/registry/draft/wishes.js';
import { Registry } from '../datasources/registry/registry.js';
import { OperatorError } from '../errors/operator-error.js';
import { buildSchema } from '../resolvers/build-schema.js';
import { camelCase, entityTypeName, featurestoreTypeName } from '../schema/names.js';

export interface DraftRequest {
  /** Files, folders and patterns. */
  readonly names: readonly string[];
  readonly options: DraftFileOptions;
  /** The folder of the registry file. */
  readonly output: string;
  readonly featurestore: string | null;
  readonly entityType: string | null;
  /** `customer_id`, `origin,destination`, or with a table before it: `orders=customer_id`. */
  readonly entityIds: readonly string[];
  readonly timestamps: readonly string[];
  readonly timestampUnit: TimeUnit | null;
  /** Names of tables without a time. */
  readonly statics: readonly string[];
}

export interface Draft {
  readonly registry: RegistryDraft;
  /** The first is the registry file. */
  readonly files: readonly DraftFile[];
}

const MAX_NAME = 60;

/** Drafts a registry from files. What only the user can decide is one OperatorError with every question. */
export async function draftFromFiles(request: DraftRequest, reader: FileReader): Promise<Draft> {
  try {
    return await draft(request, reader);
  } catch (error) {
    if (error instanceof FileFault) throw new OperatorError(error.message, [], { cause: error });
    throw error;
  }
}

async function draft(request: DraftRequest, reader: FileReader): Promise<Draft> {
  const { names, options, output } = request;
  const schema = readSchemaNames();
  const featurestore = nameFeaturestore(request, schema);
  const { entityType } = request;
  if (entityType !== null) requireName('--entity-type', entityType, schema.isEntityTypeFree(featurestore, entityType));
  const found = await findTables(names, options, reader);
  checkDraftOptions(options, new Set(found.map(({ format }) => format)));
  const examined = await examineAll(found, request, reader);
  const named = new Set(
    found.filter(({ name }) => request.entityIds.some((text) => text.startsWith(`${name}=`))).map(({ name }) => name),
  );
  const registry = draftRegistry(examined, { featurestore, entityType, withNamedIds: named, schema });
  const toPath = ({ found: { path } }: ExaminedTable): string => {
    const way = relative(resolve(output), path) || '.';
    return way.split(sep).join('/');
  };
  return { registry, files: draftFiles(registry, { given: options, toPath }) };
}

async function examineAll(
  found: readonly FoundTable[],
  { options, entityIds, timestamps, timestampUnit, statics }: DraftRequest,
  reader: FileReader,
): Promise<ExaminedTable[]> {
  const tables = new Set(found.map(({ name }) => name));
  const wishes = {
    entityIds: entityIds.map((text) => toWish(text, tables)),
    timestamps: timestamps.map((text) => toWish(text, tables)),
    timestampUnit,
    statics,
  };
  const unknown = statics.find((name) => !tables.has(name));
  if (unknown !== undefined) {
    throw new OperatorError(`--static names the table "${unknown}". The tables are: ${[...tables].join(', ')}.`);
  }
  const examined: ExaminedTable[] = [];
  const questions: string[] = [];
  const columns = new Map<string, ExaminedTable['columns']>();
  for (const table of found) {
    const result = await examineTable(table, wishes, options, reader, (read) => columns.set(table.name, read));
    if ('found' in result) examined.push(result);
    else questions.push(...result.map(({ question }) => question));
  }
  for (const [option, list] of [
    ['--entity-id', wishes.entityIds],
    ['--timestamp', wishes.timestamps],
  ] as const) {
    const names = [...new Set([...columns.values()].flat().map(({ name }) => name))].slice(0, 50).join(', ');
    for (const text of findUnused(list, columns)) {
      questions.push(
        `${option} "${text}": no table has such columns. The tables ${[...tables].join(', ')} have: ${names}`,
      );
    }
  }
  if (questions.length === 0) return examined;
  throw new OperatorError(
    'Nothing was written, because the files do not say everything. Run the command again with an answer to each:',
    questions,
  );
}

/** The featurestore that the user names; otherwise the folder of the registry file names it. */
function nameFeaturestore({ featurestore, output }: DraftRequest, schema: SchemaNames): string {
  if (featurestore !== null) {
    requireName('--featurestore', featurestore, schema.isFeaturestoreFree(featurestore));
    return featurestore;
  }
  const name = toLegalName(basename(resolve(output)), 'features', MAX_NAME);
  return schema.isFeaturestoreFree(name) ? name : `${name.slice(0, MAX_NAME - '_store'.length)}_store`;
}

function requireName(option: string, name: string, isFree: boolean): void {
  if (!/^[a-z_][a-z0-9_]*$/.test(name) || name.length > MAX_NAME) {
    throw new OperatorError(
      `${option} "${name}": a name has lower-case letters, digits and _, begins with no digit, and has at most ${MAX_NAME} characters. ${toLegalName(name, 'features', MAX_NAME)} is one.`,
    );
  }
  if (!isFree) {
    throw new OperatorError(
      `${option} "${name}": the GraphQL schema of every gateway has this name already. Choose another.`,
    );
  }
}

/** The names that every gateway's schema has, whatever its registry is. */
function readSchemaNames(): SchemaNames {
  const schema = buildSchema(new Registry([]));
  const types = new Set(Object.keys(schema.getTypeMap()));
  const queries = new Set(Object.keys(schema.getQueryType()?.getFields() ?? {}));
  const entity = schema.getType('Entity');
  const entityFields = entity && 'getFields' in entity ? Object.keys(entity.getFields()) : [];
  return {
    toField: camelCase,
    entityFields: new Set(entityFields),
    isFeaturestoreFree: (name) =>
      camelCase(name) !== '' && !queries.has(camelCase(name)) && !types.has(featurestoreTypeName(name)),
    isEntityTypeFree: (featurestore, name) =>
      camelCase(name) !== 'id' && !types.has(entityTypeName(featurestore, name)),
  };
}
