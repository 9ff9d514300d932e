import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { swapStores } from '../../../migrate/switch-stores.js';

const REGISTRY = `# Our registry.
featurestores:
  - name: shop # moves
    onlineStore:
      # until February
      kind: VERTEX_LEGACY
      featurestore: shop
    shadow:
      onlineStore: { kind: VERTEX_FEATURE_VIEW, featureOnlineStore: serving }
      share: 0.01
  - name: branch
    onlineStore: { kind: VERTEX_LEGACY, featurestore: branch }
    shadow: { onlineStore: { kind: BIGTABLE, table: t }, share: 1 }
  - name: local
    onlineStore: { kind: LMDB }
    shadow: { onlineStore: { kind: BIGTABLE, table: t }, share: 1 }
`;

const kindsOf = (text: string): unknown =>
  parse(text).featurestores.map(({ onlineStore, shadow }: any) => [onlineStore.kind, shadow.onlineStore.kind]);

describe('swapStores', () => {
  it('lets the new store serve and makes the legacy one the shadow, in each featurestore that migrates', () => {
    const { text, swapped } = swapStores(REGISTRY, 'switch', null);
    expect(swapped).toEqual(['shop', 'branch']);
    expect(kindsOf(text)).toEqual([
      ['VERTEX_FEATURE_VIEW', 'VERTEX_LEGACY'],
      ['BIGTABLE', 'VERTEX_LEGACY'],
      ['LMDB', 'BIGTABLE'],
    ]);
    expect(text).toContain('# Our registry.');
    expect(text).toContain('# moves');
    expect(text).toContain('# until February');
  });

  it('has a way back to the same registry', () => {
    const switched = swapStores(REGISTRY, 'switch', null);
    const back = swapStores(switched.text, 'back', null);
    expect(back.swapped).toEqual(['shop', 'branch']);
    expect(parse(back.text)).toEqual(parse(REGISTRY));
  });

  it('changes nothing a second time', () => {
    const once = swapStores(REGISTRY, 'switch', null);
    expect(swapStores(once.text, 'switch', null)).toEqual({
      text: once.text,
      swapped: [],
      unchanged: ['shop', 'branch'],
    });
    expect(swapStores(REGISTRY, 'back', null).swapped).toEqual([]);
  });

  it('switches one featurestore, and says which it cannot', () => {
    expect(swapStores(REGISTRY, 'switch', 'branch').swapped).toEqual(['branch']);
    expect(() => swapStores(REGISTRY, 'switch', 'local')).toThrow('"local"');
    expect(() => swapStores('featurestores: []', 'switch', null)).toThrow('No featurestore');
  });
});
