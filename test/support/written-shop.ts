/** A registry whose values all come by writes. `feature` is an entry of the file, such as `{ name: note, valueType: STRING }`. */
export const writtenShop = (source: string, feature: string): string => `
featurestores:
  - name: shop
    entityTypes:
      - name: customer
        sources:
          - name: ${source}
            features: [${feature}]
`;

export const WRITE_VALUES = `mutation ($input: WriteFeatureValuesInput!) {
  writeFeatureValues(input: $input) { written duplicates userErrors { message } }
}`;
