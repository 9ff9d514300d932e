import { readFileSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Instance } from '../../batch-prediction/models/model-serving.js';
import { checkOnce, predictOnce, valuesOf } from '../support/onnx-models.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { testModel, type ModelInput } from '../support/test-model.js';

/** Made by test/cases/models/make.py with skl2onnx, onnxmltools, LightGBM and XGBoost; `expected` is what those predict. */
const FOLDER = join(import.meta.dirname, '../cases/models');

interface Expected {
  readonly instances: readonly (readonly (number | null)[])[];
  readonly label: readonly (number | string)[];
  readonly probabilities: readonly (readonly number[])[];
  readonly scores: readonly number[];
  readonly value: readonly number[];
}
const EXPECTED = JSON.parse(readFileSync(join(FOLDER, 'expected.json'), 'utf8')) as Record<string, Expected>;

const number = (name: string, more: object = {}) => ({ name, valueType: 'DOUBLE' as const, ...more });
const INPUTS = [number('amount'), number('age')];

function exported(name: string, outputs: ModelInput['outputs'], inputs: ModelInput['inputs'] = INPUTS) {
  return testModel({ onnx: join(FOLDER, `${name}.onnx`), inputs, outputs });
}

function instancesOf(name: string): Instance[] {
  return EXPECTED[name]!.instances.map(([amount, age]) => ({ amount: amount!, age: age! }));
}

/** Libraries compute in double precision what the graph computes in float32. */
const near = (values: readonly (readonly number[])[]) =>
  values.map((row) => row.map((value) => expect.closeTo(value, 4) as number));

describe('a classifier that ends in a ZipMap', () => {
  const label = { name: 'label', valueType: 'INT64' as const, tensor: 'output_label' };
  const texts = { ...label, valueType: 'STRING' as const };
  const tensor = 'output_probability';

  it.each<[string, ModelInput['outputs']]>([
    ['zipmap-numbers', [label, { name: 'p', valueType: 'DOUBLE_ARRAY', tensor }]],
    ['zipmap-texts', [texts, { name: 'p', valueType: 'DOUBLE_ARRAY', tensor }]],
    ['zipmap-three', [label, { name: 'p', valueType: 'DOUBLE_ARRAY', tensor }]],
    [
      'lightgbm',
      [
        { ...label, tensor: 'label' },
        { name: 'p', valueType: 'DOUBLE_ARRAY', tensor: 'probabilities' },
      ],
    ],
  ])('gives the label and the probabilities in the order of the classes: %s', async (name, outputs) => {
    const model = exported(name, outputs);
    expect(await checkOnce(model)).toEqual([]);
    const outcomes = await predictOnce(model, instancesOf(name));
    const { label: labels, probabilities } = EXPECTED[name]!;
    expect(valuesOf(outcomes, 'label').map(String)).toEqual(labels.map(String));
    expect(valuesOf(outcomes, 'p')).toEqual(near(probabilities));
  });

  it('gives the probabilities by class, as an object or one by one', async () => {
    const byClass = exported('zipmap-texts', [
      { name: 'churn', valueType: 'STRUCT', tensor },
      { name: 'yes', valueType: 'DOUBLE', tensor, class: 'yes' },
      { name: 'no', valueType: 'DOUBLE', tensor, class: 'no' },
    ]);
    const outcomes = await predictOnce(byClass, instancesOf('zipmap-texts'));
    expect(outcomes.map((outcome) => outcome.kind === 'prediction' && outcome.prediction)).toEqual(
      EXPECTED['zipmap-texts']!.probabilities.map(([no, yes]) => ({
        churn: { no: expect.closeTo(no!, 4) as number, yes: expect.closeTo(yes!, 4) as number },
        yes: expect.closeTo(yes!, 4) as number,
        no: expect.closeTo(no!, 4) as number,
      })),
    );
    // A class that is a number is written as one.
    const numbered = exported('zipmap-three', [{ name: 'two', valueType: 'DOUBLE', tensor, class: 2 }]);
    expect(valuesOf(await predictOnce(numbered, instancesOf('zipmap-three')), 'two')).toEqual(
      near([EXPECTED['zipmap-three']!.probabilities.map((row) => row[2]!)])[0],
    );
  });

  it('gives the probabilities as named columns', async () => {
    const columns = exported('zipmap-three', [
      { name: tensor, valueType: 'DOUBLE', columns: ['low', 'middle', 'high'] },
    ]);
    expect(valuesOf(await predictOnce(columns, instancesOf('zipmap-three')), 'high')).toEqual(
      near([EXPECTED['zipmap-three']!.probabilities.map((row) => row[2]!)])[0],
    );
  });

  it('is read without its probabilities too', async () => {
    const labels = exported('zipmap-texts', [{ name: 'output_label', valueType: 'STRING' }]);
    expect(valuesOf(await predictOnce(labels, instancesOf('zipmap-texts')), 'output_label')).toEqual(
      EXPECTED['zipmap-texts']!.label,
    );
  });

  it('is refused when the registry names what it does not have', async () => {
    const wrong = exported('zipmap-texts', [
      { name: 'a', valueType: 'DOUBLE', tensor, class: 'maybe' },
      { name: tensor, valueType: 'DOUBLE', columns: ['x', 'y', 'z'] },
    ]);
    expect(await checkOnce(wrong)).toEqual([
      { path: 'outputs[0]', message: `the graph's output "${tensor}" has no class "maybe", only no, yes.` },
    ]);
    const counted = exported('zipmap-texts', [{ name: tensor, valueType: 'DOUBLE', columns: ['x', 'y', 'z'] }]);
    expect(await checkOnce(counted)).toEqual([
      {
        path: 'outputs[0].columns[0]',
        message: `the graph's output "${tensor}" has 2 values an instance, of the classes no, yes; the registry names 3.`,
      },
    ]);
    const unnamed = exported('no-zipmap', [{ name: 'p', valueType: 'DOUBLE', tensor: 'probabilities', class: 'yes' }]);
    expect(await checkOnce(unnamed)).toEqual([
      {
        path: 'outputs[0]',
        message:
          'the graph\'s output "probabilities" does not name its classes; name its values in order with "columns".',
      },
    ]);
  });
});

describe('what exporters write', () => {
  it.each<[string, ModelInput['outputs']]>([
    [
      'no-zipmap',
      [
        { name: 'churn', valueType: 'STRING', tensor: 'label' },
        { name: 'churn_probability', valueType: 'DOUBLE_ARRAY', tensor: 'probabilities' },
      ],
    ],
    [
      'xgboost',
      [
        { name: 'churn', valueType: 'INT64', tensor: 'label' },
        { name: 'churn_probability', valueType: 'DOUBLE_ARRAY', tensor: 'probabilities' },
      ],
    ],
  ])('has names in the registry that are not those of its outputs: %s', async (name, outputs) => {
    const outcomes = await predictOnce(exported(name, outputs), instancesOf(name));
    expect(valuesOf(outcomes, 'churn').map(String)).toEqual(EXPECTED[name]!.label.map(String));
    expect(valuesOf(outcomes, 'churn_probability')).toEqual(near(EXPECTED[name]!.probabilities));
  });

  it('may be a tensor for each class', async () => {
    const model = exported('zipmap-columns', [
      { name: 'no', valueType: 'DOUBLE', tensor: 'sno' },
      { name: 'yes', valueType: 'DOUBLE', tensor: 'syes' },
    ]);
    const outcomes = await predictOnce(model, instancesOf('zipmap-columns'));
    const both = valuesOf(outcomes, 'no').map((no, index) => [no, valuesOf(outcomes, 'yes')[index]]);
    expect(both).toEqual(near(EXPECTED['zipmap-columns']!.probabilities));
  });

  it.each(['batch-of-one', 'doubles', 'xgboost-regressor', 'external-data'])('is a regressor: %s', async (name) => {
    const model = exported(name, [number('spend')]);
    expect(await checkOnce(model)).toEqual([]);
    expect(valuesOf(await predictOnce(model, instancesOf(name)), 'spend')).toEqual(near([EXPECTED[name]!.value])[0]);
  });

  it('may want a missing value as NaN', async () => {
    const model = exported('missing-values', [number('spend')], [number('amount'), number('age', { nullable: true })]);
    const instances = instancesOf('missing-values');
    expect(instances.map(({ age }) => age)).toContain(null);
    expect(valuesOf(await predictOnce(model, instances), 'spend')).toEqual(
      near([EXPECTED['missing-values']!.value])[0],
    );
  });

  it('may have a column of one for each output', async () => {
    const model = exported('isolation-forest', [
      { name: 'label', valueType: 'INT64' },
      { name: 'scores', valueType: 'DOUBLE' },
    ]);
    const outcomes = await predictOnce(model, instancesOf('isolation-forest'));
    const { label, scores } = EXPECTED['isolation-forest']!;
    expect(valuesOf(outcomes, 'label')).toEqual(label.map(BigInt));
    expect(valuesOf(outcomes, 'scores')).toEqual(near([scores])[0]);
  });

  it('may want a tensor for each column: texts, floats and integers', async () => {
    const model = exported(
      'pipeline',
      [
        { name: 'output_label', valueType: 'STRING' },
        { name: 'output_probability', valueType: 'STRUCT' },
      ],
      [
        { name: 'channel', valueType: 'STRING' },
        { name: 'amount', valueType: 'DOUBLE' },
        { name: 'visits', valueType: 'INT64' },
      ],
    );
    const { instances, label, probabilities } = EXPECTED.pipeline as unknown as Expected & { instances: Instance[] };
    const outcomes = await predictOnce(model, instances);
    expect(valuesOf(outcomes, 'output_label')).toEqual(label);
    expect(valuesOf(outcomes, 'output_probability')).toEqual(near(probabilities).map(([no, yes]) => ({ no, yes })));
  });

  it('may be a sequence beside a tensor, which is refused only when the registry names it', async () => {
    const labels = { name: 'label', valueType: 'INT64_ARRAY' as const };
    const outcomes = await predictOnce(exported('sequence', [labels]), instancesOf('sequence'));
    expect(valuesOf(outcomes, 'label')).toEqual(
      (EXPECTED.sequence!.label as unknown as number[][]).map((row) => row.map(BigInt)),
    );
    expect(
      await checkOnce(exported('sequence', [labels, { name: 'probabilities', valueType: 'DOUBLE_ARRAY' }])),
    ).toEqual([
      {
        path: 'outputs[1]',
        message: expect.stringMatching(
          /^the graph's output "probabilities" is a sequence or a map; .* Export it as a tensor, or leave the output out\.$/,
        ) as string,
      },
    ]);
  });

  it('takes a fixed number of instances, which is refused with what to tell the exporter', async () => {
    expect(await checkOnce(exported('batch-of-eight', [number('spend')]))).toEqual([
      {
        path: 'inputs[0]',
        message: expect.stringMatching(
          /"float_input" takes exactly 8 instances at once.*FloatTensorType\(\[None, n\]\)/,
        ) as string,
      },
    ]);
  });

  it('has its weights in another file, which is named by what it is when it is missing', async () => {
    const alone = join(temporaryFolder(), 'alone.onnx');
    await copyFile(join(FOLDER, 'external-data.onnx'), alone);
    expect(await checkOnce(testModel({ onnx: alone, inputs: INPUTS, outputs: [number('spend')] }))).toEqual([
      { path: 'onnx', message: 'it has external data, and the file of that is not beside it.' },
    ]);
  });
});
