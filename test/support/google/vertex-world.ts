import type { Clock } from '../../../values/clock.js';
import { FeatureViewWorld } from './vertex/feature-views.js';
import { Operations } from './vertex/operations.js';
import { LegacyWorld } from './vertex/legacy-featurestores.js';
import { startVertexServer, type VertexServer } from './vertex-server.js';

export const PLACE = { project: 'demo-project', location: 'europe-west4' } as const;

/** "Now" of the test server, and of the adapters that speak to it: the moment of the contract suite's values. */
export const VERTEX_NOW = 1_000_000_000_000_000n;

export interface VertexWorld {
  readonly server: VertexServer;
  readonly views: FeatureViewWorld;
  readonly legacy: LegacyWorld;
  readonly operations: Operations;
}

/** A whole Vertex AI for features: both generations, with nothing in them but an online store and a featurestore. */
export async function startVertexWorld(now: Clock = () => VERTEX_NOW): Promise<VertexWorld> {
  const world = await startEmptyVertexWorld(now);
  world.views.addOnlineStore('serving');
  world.legacy.addFeaturestore('old_shop');
  return world;
}

/** `otherProjects` are those that a caller may use beside PLACE.project. */
export async function startEmptyVertexWorld(now: Clock, otherProjects: readonly string[] = []): Promise<VertexWorld> {
  const region = { ...PLACE, otherProjects };
  const operations = new Operations(now);
  const views = new FeatureViewWorld(region, now, operations);
  const legacy = new LegacyWorld(region, now, operations);
  const services = [...views.services(), ...legacy.services(), operations.service()];
  const server = await startVertexServer(region, services);
  return { server, views, legacy, operations };
}
