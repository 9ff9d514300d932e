import { join } from 'node:path';
import type { OnlineStore } from '../datasources/online/online-store.js';
import type { OnlineStoreSettings } from '../datasources/registry/model.js';
import { systemClock } from '../values/clock.js';

/** Opens an online store as the registry describes it. Its adapter is loaded only here: Google's clients are large. */
export async function openOnlineStore(settings: OnlineStoreSettings, dataDirectory: string): Promise<OnlineStore> {
  switch (settings.kind) {
    case 'LMDB': {
      const { LmdbOnlineStore } = await import('../datasources/online/lmdb/lmdb-online-store.js');
      return new LmdbOnlineStore(join(dataDirectory, 'online'));
    }
    case 'VERTEX_FEATURE_VIEW': {
      const { openVertexViewOnlineStore } =
        await import('../datasources/online/vertex-view/vertex-view-online-store.js');
      return openVertexViewOnlineStore(settings, systemClock);
    }
    case 'VERTEX_LEGACY': {
      const { openVertexLegacyOnlineStore } =
        await import('../datasources/online/vertex-legacy/vertex-legacy-online-store.js');
      return openVertexLegacyOnlineStore(settings, systemClock);
    }
  }
}
