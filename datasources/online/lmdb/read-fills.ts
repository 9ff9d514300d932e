import { existsSync } from 'node:fs';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { openLmdb } from '../../../runtime/lmdb.js';
import type { EntityType } from '../../registry/model.js';
import { databaseName } from './generations.js';

/**
 * The fingerprints of the fills of entity types, from a store that no other process uses: the caller must have made sure
 * of that, for example by the lock of the data folder. Nothing in the folder changes. LMDB writes a lock file even when
 * it only reads, so it gets a folder of its own with a link to the data.
 */
export async function readFills(
  path: string,
  entityTypes: readonly EntityType[],
): Promise<ReadonlyMap<EntityType, string>> {
  const data = resolve(path, 'data.mdb');
  const fills = new Map<EntityType, string>();
  if (!existsSync(data)) return fills;
  const folder = await mkdtemp(join(tmpdir(), 'featuregraph-fills-'));
  try {
    await symlink(data, join(folder, 'data.mdb'));
    const environment = openLmdb({ path: folder, maxDbs: 1, readOnly: true });
    try {
      // A store that was never filled may lack the database: lmdb then gives undefined.
      const stored = environment.openDB<string, string>({ name: FILLS }) as
        ReturnType<typeof environment.openDB<string, string>> | undefined;
      for (const entityType of entityTypes) {
        const fill = stored?.get(databaseName(entityType));
        if (fill !== undefined) fills.set(entityType, fill);
      }
    } finally {
      await environment.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return fills;
}

/** The name of the database with the fingerprint of each entity type's fill. */
export const FILLS = 'contents';
