import { expect, it } from 'vitest';
import { FeatureSearch } from '../../../../datasources/registry/feature-search.js';
import { testRegistry } from '../../../support/test-registry.js';

const search = new FeatureSearch(
  testRegistry({
    name: 'flights',
    entityTypes: [
      {
        name: 'airport',
        sources: [
          {
            features: [
              { name: 'mean_delay_3h', valueType: 'DOUBLE', description: 'Lateness of departures.' },
              {
                name: 'departures_1h',
                valueType: 'INT64',
                description: 'Flights that left, whatever their delay.',
                owner: 'ops@example.com',
              },
              { name: 'is_hub', valueType: 'BOOL', labels: { tier: 'gold' } },
            ],
          },
        ],
      },
    ],
  }),
);
const found = (text: string) => search.search(text).map(({ name }) => name);

it('finds features by words of their name first, then of what else is said of them', () => {
  expect(found('delay')).toEqual(['mean_delay_3h', 'departures_1h']);
  expect(found('mean_delay')).toEqual(['mean_delay_3h']);
  expect(found('DEPART')).toEqual(['departures_1h', 'mean_delay_3h']);
  expect(found('gold')).toEqual(['is_hub']);
  expect(found('ops')).toEqual(['departures_1h']);
  expect(found('airport hub')).toEqual(['is_hub']);
});

it('forgives a wrong letter, and finds nothing for nothing', () => {
  expect(found('delai')).toContain('mean_delay_3h');
  expect(found('')).toEqual([]);
  expect(found('zebra')).toEqual([]);
});
