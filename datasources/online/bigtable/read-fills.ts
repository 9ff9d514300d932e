import { connect } from '../../google/bigtable/client.js';
import type { BigtableSettings, EntityType } from '../../registry/model.js';
import { FillStateRow } from './fill-state-row.js';
import { fillStateKey } from './row-key.js';
import { toOnlineStartError } from './store-errors.js';

const DEADLINE_MS = 5000;

/** The fingerprints of the fills of entity types. It reads one row of each and writes nothing. */
export async function readBigtableFills(
  settings: BigtableSettings,
  entityTypes: readonly EntityType[],
): Promise<ReadonlyMap<EntityType, string>> {
  const fills = new Map<EntityType, string>();
  try {
    const { client, table } = await connect(settings);
    try {
      const target = { table, family: settings.columnFamily, deadlineMs: DEADLINE_MS };
      for (const entityType of entityTypes) {
        const { fingerprint } = await new FillStateRow(target, fillStateKey(entityType)).read();
        if (fingerprint !== undefined) fills.set(entityType, fingerprint);
      }
    } finally {
      await client.close();
    }
  } catch (error) {
    throw toOnlineStartError(settings, error);
  }
  return fills;
}
