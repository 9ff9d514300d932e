import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { FileFault } from '../../files/file-fault.js';
import { findNamedFiles } from '../../files/named-files.js';
import type { RegistryDocument } from '../document/document.js';
import type { Fault } from '../../../runtime/yaml/fault.js';
import type { SourceFiles } from '../document/to-model.js';

/** The files of featurestores and of models. */
export interface RegistryFiles extends SourceFiles {
  readonly modelPaths: ReadonlyMap<string, string>;
}

/** The files of a registry, and a fault for each that is missing or cannot be a table, at the place that names it. */
export interface FoundFiles {
  readonly files: RegistryFiles;
  readonly faults: readonly Fault[];
}

/** Finds every file that a registry names. */
export async function readSourceFiles(document: RegistryDocument, registryPath: string): Promise<FoundFiles> {
  const folder = dirname(resolve(registryPath));
  const faults: Fault[] = [];
  const sqlTexts = new Map<string, string>();
  const tablePaths = new Map<string, string>();
  const modelPaths = new Map<string, string>();
  const messageSchemas = new Map<string, string>();
  const missing = (path: readonly PropertyKey[], file: string): void => {
    faults.push({ path, message: `${file} is not there` });
  };
  for (const [index, featurestore] of document.featurestores.entries()) {
    const at = ['featurestores', index];
    for (const [name, { file, format = null }] of Object.entries(featurestore.tables)) {
      // A table is a path, or an object with a path.
      const place = [...at, 'tables', name];
      const path = findFile(file, folder) ?? file;
      const found = await findNamedFiles(path, file, { format, within: null }).catch((error: unknown) => {
        if (!(error instanceof FileFault)) throw error;
        return error;
      });
      if (found instanceof FileFault) faults.push({ path: place, message: found.message });
      else if (!found) missing(place, file);
      else tablePaths.set(file, path);
    }
    for (const [position, { schemaFile }] of featurestore.streams.entries()) {
      if (schemaFile === null) continue;
      const path = resolve(folder, schemaFile);
      if (existsSync(path)) messageSchemas.set(schemaFile, await readFile(path, 'utf8'));
      else missing([...at, 'streams', position, 'schemaFile'], schemaFile);
    }
    for (const [position, { sources }] of featurestore.entityTypes.entries()) {
      for (const [number, { sql }] of sources.entries()) {
        if (sql === null) continue;
        const path = resolve(folder, sql);
        if (existsSync(path)) sqlTexts.set(sql, await readFile(path, 'utf8'));
        else missing([...at, 'entityTypes', position, 'sources', number, 'sql'], sql);
      }
    }
  }
  for (const [index, { onnx }] of document.models.entries()) {
    if (onnx === undefined) continue;
    const path = findFile(onnx, folder);
    if (path === undefined || !existsSync(path)) missing(['models', index, 'onnx'], onnx);
    else modelPaths.set(onnx, path);
  }
  return { files: { sqlTexts, tablePaths, modelPaths, messageSchemas }, faults };
}

/** `npm:package/path` is a file of an installed package, wherever npm installed it; anything else is a path. */
function findFile(location: string, folder: string): string | undefined {
  if (!location.startsWith('npm:')) return resolve(folder, location);
  const inPackage = location.slice('npm:'.length);
  const searched = createRequire(import.meta.url).resolve.paths(inPackage) ?? [];
  return searched.map((modules) => join(modules, inPackage)).find((path) => existsSync(path));
}
