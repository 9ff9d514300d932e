import type { Clock } from '../../../values/clock.js';
import { FeatureViewWorld } from './vertex/feature-views.js';
import { LegacyWorld } from './vertex/legacy-featurestores.js';
import { startVertexServer, type VertexServer } from './vertex-server.js';

export const PLACE = { project: 'demo-project', location: 'europe-west4' } as const;

/** "Now" of the test server, and of the adapters that speak to it: the moment of the contract suite's values. */
export const VERTEX_NOW = 1_000_000_000_000_000n;

export interface VertexWorld {
  readonly server: VertexServer;
  readonly views: FeatureViewWorld;
  readonly legacy: LegacyWorld;
}

/** A whole Vertex AI for features: both generations, with nothing in them but an online store and a featurestore. */
export async function startVertexWorld(now: Clock = () => VERTEX_NOW): Promise<VertexWorld> {
  const views = new FeatureViewWorld(PLACE, now);
  const legacy = new LegacyWorld(PLACE, now);
  views.addOnlineStore('serving');
  legacy.addFeaturestore('old_shop');
  const server = await startVertexServer(PLACE, [...views.services(), ...legacy.services()]);
  return { server, views, legacy };
}
