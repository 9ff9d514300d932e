import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { OperatorError } from '../../../errors/operator-error.js';
import { FileFault } from '../../files/file-fault.js';
import { findNamedFiles } from '../../files/named-files.js';
import type { RegistryDocument } from '../document/document.js';
import type { SourceFiles } from '../document/to-model.js';

/** The files of featurestores and of models. */
export interface RegistryFiles extends SourceFiles {
  readonly modelPaths: ReadonlyMap<string, string>;
}

/** Finds every file that a registry names. Reports all missing files together. */
export async function readSourceFiles(document: RegistryDocument, registryPath: string): Promise<RegistryFiles> {
  const folder = dirname(resolve(registryPath));
  const faults: string[] = [];
  const sqlTexts = new Map<string, string>();
  const tablePaths = new Map<string, string>();
  const modelPaths = new Map<string, string>();
  const messageSchemas = new Map<string, string>();
  const find = (location: string, found: Map<string, string>): void => {
    const path = findFile(location, folder);
    if (path === undefined || !existsSync(path)) faults.push(`${location} is not there`);
    else found.set(location, path);
  };
  for (const featurestore of document.featurestores) {
    for (const { file, format = null } of Object.values(featurestore.tables)) {
      const path = findFile(file, folder) ?? file;
      const found = await findNamedFiles(path, file, { format, within: null }).catch((error: unknown) => {
        if (!(error instanceof FileFault)) throw error;
        return error;
      });
      if (found instanceof FileFault) faults.push(found.message);
      else if (!found) faults.push(`${file} is not there`);
      else tablePaths.set(file, path);
    }
    for (const { schemaFile } of featurestore.streams) {
      if (schemaFile === null) continue;
      const path = resolve(folder, schemaFile);
      if (existsSync(path)) messageSchemas.set(schemaFile, await readFile(path, 'utf8'));
      else faults.push(`${schemaFile} is not there`);
    }
    for (const source of featurestore.entityTypes.flatMap((entityType) => entityType.sources)) {
      if (source.sql === null) continue;
      const path = resolve(folder, source.sql);
      if (existsSync(path)) sqlTexts.set(source.sql, await readFile(path, 'utf8'));
      else faults.push(`${source.sql} is not there`);
    }
  }
  for (const { onnx } of document.models) if (onnx !== undefined) find(onnx, modelPaths);
  if (faults.length > 0)
    throw new OperatorError(`The registry ${registryPath} names files that cannot be read:`, faults);
  return { sqlTexts, tablePaths, modelPaths, messageSchemas };
}

/** `npm:package/path` is a file of an installed package, wherever npm installed it; anything else is a path. */
function findFile(location: string, folder: string): string | undefined {
  if (!location.startsWith('npm:')) return resolve(folder, location);
  const inPackage = location.slice('npm:'.length);
  const searched = createRequire(import.meta.url).resolve.paths(inPackage) ?? [];
  return searched.map((modules) => join(modules, inPackage)).find((path) => existsSync(path));
}
