import { readFile, stat } from 'node:fs/promises';
import type { GraphQLSchema } from 'graphql';
import type { Config } from '../config/config.js';
import { OperatorError } from '../errors/operator-error.js';
import { TRUSTED_DOCUMENT_LIMITS } from '../limits/trusted-document-limits.js';
import { checkDocuments } from '../server/trusted-documents/check-documents.js';
import { parseManifest } from '../server/trusted-documents/manifest.js';
import { NO_TRUSTED_DOCUMENTS, TrustedDocuments } from '../server/trusted-documents/trusted-documents.js';
import { validationRules } from '../server/validation-rules.js';

export type TrustedDocumentsConfig = Pick<
  Config,
  'trustedDocumentsPath' | 'areOnlyTrustedDocumentsAnswered' | 'isIntrospectionAllowed'
>;

/** The trusted documents of a manifest, which is read again together with the registry. */
export class FileTrustedDocuments {
  readonly #read = new WeakMap<GraphQLSchema, TrustedDocuments>();

  constructor(private readonly config: TrustedDocumentsConfig) {}

  /** Reads the manifest and checks it against a schema, which may be served later. */
  async readWith(schema: GraphQLSchema): Promise<void> {
    this.#read.set(schema, await readTrustedDocuments(this.config, schema));
  }

  /** The documents that were read with this schema. */
  of(schema: GraphQLSchema): TrustedDocuments {
    return this.#read.get(schema) ?? NO_TRUSTED_DOCUMENTS;
  }
}

/** Reports the faults of all documents at once. */
export async function readTrustedDocuments(
  { trustedDocumentsPath: path, areOnlyTrustedDocumentsAnswered, isIntrospectionAllowed }: TrustedDocumentsConfig,
  schema: GraphQLSchema,
): Promise<TrustedDocuments> {
  if (path === null) return NO_TRUSTED_DOCUMENTS;
  const rules = validationRules(isIntrospectionAllowed);
  const documents = checkDocuments(parseManifest(await readManifest(path), path), { schema, rules, path });
  return new TrustedDocuments(documents, areOnlyTrustedDocumentsAnswered);
}

async function readManifest(path: string): Promise<string> {
  const cannotRead = (cause: unknown): never => {
    throw new OperatorError(
      `The trusted documents ${path} cannot be read. FEATUREGRAPH_TRUSTED_DOCUMENTS names them.`,
      [],
      { cause },
    );
  };
  const { size } = await stat(path).catch(cannotRead);
  const { maxManifestBytes } = TRUSTED_DOCUMENT_LIMITS;
  if (size > maxManifestBytes) {
    throw new OperatorError(
      `The trusted documents ${path} have ${size} bytes. A manifest may have ${maxManifestBytes}.`,
    );
  }
  return readFile(path, 'utf8').catch(cannotRead);
}
