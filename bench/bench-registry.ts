import { Registry } from '../datasources/registry/registry.js';
import { registryDocument } from '../datasources/registry/document/document.js';
import { toModel } from '../datasources/registry/document/to-model.js';

/** One dense entity type with 20 features of mixed types. */
export function benchRegistry(): Registry {
  const types = ['DOUBLE', 'INT64', 'STRING', 'BOOL'];
  const document = registryDocument.parse({
    featurestores: [
      {
        name: 'bench',
        entityTypes: [
          {
            name: 'thing',
            dense: true,
            sources: [
              {
                features: Array.from({ length: 20 }, (_, index) => ({
                  name: `f${index}`,
                  valueType: types[index % types.length],
                })),
              },
            ],
          },
        ],
      },
    ],
  });
  return new Registry(toModel(document.featurestores, { sqlTexts: new Map(), tablePaths: new Map() }));
}
