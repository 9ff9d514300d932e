import { afterAll, beforeAll, expect, it } from 'vitest';
import { Registry } from '../../../datasources/registry/registry.js';
import { smallRegistry } from '../../support/small-registry.js';
import { startTestGateway, type TestGateway } from '../../support/test-gateway.js';
import { testModel } from '../../support/test-model.js';

let gateway: TestGateway;
beforeAll(async () => {
  const models = [
    testModel({
      name: 'churn',
      displayName: 'Who leaves',
      labels: { team: 'sales' },
      onnx: '/secret/churn.onnx',
      inputs: [
        { name: 'orders', valueType: 'INT64', unit: 'orders', description: 'Of a week.' },
        { name: 'spent', valueType: 'DOUBLE', nullable: true },
        { name: 'visits', valueType: 'INT64', default: 0 },
      ],
      outputs: [{ name: 'risk', valueType: 'DOUBLE', unit: 'probability' }],
    }),
    testModel({ name: 'remote', http: { url: 'http://secret.example/predict' } }),
  ];
  gateway = await startTestGateway(new Registry(smallRegistry().featurestores, models));
});
afterAll(() => gateway.close());

it('models are listed with what they want and give, and never with where they are', async () => {
  const { data, errors } = await gateway.ask(`{ models {
    id name displayName description runtime labels
    inputs { name valueType unit description optional } outputs { name valueType unit description optional } } }`);
  expect(errors).toBeUndefined();
  expect(data.models[0]).toEqual({
    id: 'models/churn',
    name: 'churn',
    displayName: 'Who leaves',
    description: null,
    runtime: 'ONNX',
    labels: { team: 'sales' },
    inputs: [
      { name: 'orders', valueType: 'INT64', unit: 'orders', description: 'Of a week.', optional: false },
      { name: 'spent', valueType: 'DOUBLE', unit: null, description: null, optional: true },
      { name: 'visits', valueType: 'INT64', unit: null, description: null, optional: true },
    ],
    outputs: [{ name: 'risk', valueType: 'DOUBLE', unit: 'probability', description: null, optional: false }],
  });
  expect(data.models[1]).toMatchObject({ id: 'models/remote', runtime: 'HTTP' });
  expect(JSON.stringify(data)).not.toContain('secret');
});

it('a model is a node', async () => {
  const { data } = await gateway.ask(`{
    churn: node(id: "models/churn") { __typename id ... on Model { name } }
    nodes(ids: ["models/remote", "models/nothing", "models/churn/inputs", "models/"]) { id }
  }`);
  expect(data).toEqual({
    churn: { __typename: 'Model', id: 'models/churn', name: 'churn' },
    nodes: [{ id: 'models/remote' }, null, null, null],
  });
});
