/** The registry's names are snake_case. These functions make the names of the typed part of the schema. */

/** mean_delay_3h: meanDelay3h. */
export function camelCase(name: string): string {
  return name.replaceAll(/_+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()).replaceAll('_', '');
}

/** us_flights: UsFlights. */
function pascalCase(name: string): string {
  const camel = camelCase(name);
  return camel.charAt(0).toUpperCase() + camel.slice(1);
}

/** flights: FlightsFeaturestore. */
export function featurestoreTypeName(featurestore: string): string {
  return `${pascalCase(featurestore)}Featurestore`;
}

/** flights, airport: FlightsAirport. */
export function entityTypeName(featurestore: string, entityType: string): string {
  return `${pascalCase(featurestore)}${pascalCase(entityType)}`;
}
