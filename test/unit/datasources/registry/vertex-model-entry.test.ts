import { describe, expect, it } from 'vitest';
import {
  toVertexSettings,
  vertexModel,
  vertexModelLocation,
} from '../../../../datasources/registry/document/vertex-model-entry.js';

const PLACE = { project: 'p', location: 'europe-west4' };
const PARENT = 'projects/p/locations/europe-west4';
const CONTAINER = { image: 'europe-docker.pkg.dev/p/models/churn:1' };
const keyIn = (location: string): string => `projects/p/locations/${location}/keyRings/r/cryptoKeys/k`;

describe('a model on Vertex AI in the registry', () => {
  it.each([
    [{ model: 'churn@2' }, `${PARENT}/models/churn@2`, 'DEDICATED'],
    [{ model: 'text-1', publisher: 'google' }, `${PARENT}/publishers/google/models/text-1`, 'AUTOMATIC'],
    [{ model: 'churn', machines: 'AUTOMATIC' }, `${PARENT}/models/churn`, 'AUTOMATIC'],
    [{ container: CONTAINER }, PARENT, 'DEDICATED'],
  ])('%o has a place and machines', (entry, location, machines) => {
    const parsed = vertexModel.parse({ ...PLACE, ...entry });
    expect(vertexModelLocation(parsed)).toBe(location);
    expect(toVertexSettings(parsed)).toMatchObject({ machines, serviceAccount: null, kmsKey: null, reservation: null });
  });

  it.each([
    ['NONE', { kind: 'NONE' }],
    [
      ['projects/p/zones/europe-west4-a/reservations/r'],
      { kind: 'SPECIFIC', reservations: ['projects/p/zones/europe-west4-a/reservations/r'] },
    ],
  ])('uses the reservations %o', (reservation, expected) => {
    const parsed = vertexModel.parse({ ...PLACE, model: 'churn', reservation });
    expect(toVertexSettings(parsed).reservation).toEqual(expected);
  });

  it.each<[string, object, string]>([
    ['neither a model nor a container', {}, 'model'],
    ['a model and a container', { model: 'churn', container: CONTAINER }, 'model'],
    ['a container of a publisher', { container: CONTAINER, publisher: 'google' }, 'publisher'],
    ['a key of another location', { model: 'churn', kmsKey: keyIn('us-central1') }, 'kmsKey'],
    ['a key that is none', { model: 'churn', kmsKey: 'k' }, 'kmsKey'],
    ['a container without machines', { container: CONTAINER, machines: 'AUTOMATIC' }, 'machines'],
    ['a reservation without machines', { model: 'churn', machines: 'AUTOMATIC', reservation: 'ANY' }, 'reservation'],
    ['an account that is none', { model: 'churn', serviceAccount: 'me' }, 'serviceAccount'],
  ])('is refused with %s', (_title, entry, path) => {
    const { error } = vertexModel.safeParse({ ...PLACE, ...entry });
    expect(error?.issues.map((issue) => issue.path[0])).toContain(path);
  });
});
