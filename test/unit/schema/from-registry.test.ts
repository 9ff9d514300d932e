import { printType } from 'graphql';
import { describe, expect, it } from 'vitest';
import { buildSchema } from '../../../resolvers/build-schema.js';
import type { EntityTypeInput } from '../../support/test-registry.js';
import { testRegistry } from '../../support/test-registry.js';

const entityType = (name: string, features: string[], rest: Partial<EntityTypeInput> = {}): EntityTypeInput => ({
  name,
  sources: [{ features: features.map((feature) => ({ name: feature, valueType: 'INT64' })) }],
  ...rest,
});
const schemaOf = (...entityTypes: EntityTypeInput[]) => buildSchema(testRegistry({ name: 'us_flights', entityTypes }));

describe('the typed part of the schema', () => {
  it('has a type for each entity type, with its features in camelCase and their types', () => {
    const schema = buildSchema(
      testRegistry({
        name: 'us_flights',
        entityTypes: [
          {
            name: 'air_port',
            sources: [
              {
                features: [
                  { name: 'mean_delay_3h', valueType: 'DOUBLE', unit: 'minutes', description: 'Mean delay.' },
                  { name: 'ids', valueType: 'INT64_ARRAY' },
                  { name: 'old', valueType: 'STRING', deprecationReason: 'Use new.' },
                ],
              },
            ],
          },
        ],
      }),
    );
    const printed = printType(schema.getType('UsFlightsAirPort')!);
    expect(printed).toContain('type UsFlightsAirPort implements Node & Entity {');
    expect(printed).toContain('meanDelay3h: Float');
    expect(printed).toContain('Mean delay. Unit: minutes.');
    expect(printed).toContain('ids: [BigInt!]');
    expect(printed).toContain('old: String @deprecated(reason: "Use new.")');
    expect(printType(schema.getType('UsFlightsFeaturestore')!)).toMatch(/airPort\(.*airPorts\(/s);
  });

  it.each([
    [['is_hub', 'is__hub'], /is__hub would be called "isHub", as feature us_flights\.a\.is_hub is/],
    [['id'], /feature us_flights\.a\.id would be called "id", as a field of every entity is/],
    [['entity_id_'], /"entityId", as a field of every entity/],
    [['_', 'b'], /would be called "", which is no name in GraphQL/],
  ])('refuses features %s', (features, says) => expect(() => schemaOf(entityType('a', features))).toThrow(says));

  it('reports all clashes at once', () => {
    expect(() => schemaOf(entityType('a', ['id', 'history']), entityType('as', ['x']))).toThrow(
      /\.id would.*\.history would.*entity type us_flights\.as would be called "as", as the plural of/s,
    );
  });

  it('gives a featurestore an id of its own, and refuses an entity type that would take its place', () => {
    expect(printType(schemaOf(entityType('a', ['x'])).getType('UsFlightsFeaturestore')!)).toMatch(
      /type UsFlightsFeaturestore implements Node \{.*\bid: ID!/s,
    );
    expect(() => schemaOf(entityType('id', ['x'], { pluralName: 'ids' }))).toThrow(
      /entity type us_flights\.id would be called "id", as a field of every featurestore is/,
    );
  });

  it('refuses a featurestore named as a field of every gateway', () => {
    expect(() => buildSchema(testRegistry({ name: 'node', entityTypes: [entityType('a', ['x'])] }))).toThrow(
      /featurestore node would be called "node", as a field of every gateway is/,
    );
  });

  it('refuses an entity type whose type is one of every gateway', () => {
    expect(() => buildSchema(testRegistry({ name: 'feature', entityTypes: [entityType('matrix', ['x'])] }))).toThrow(
      /"FeatureMatrix", as a type of every gateway/,
    );
  });

  it('takes another plural', () => {
    const schema = schemaOf(entityType('person', ['x'], { pluralName: 'people' }));
    expect(printType(schema.getType('UsFlightsFeaturestore')!)).toContain('people(');
  });
});
