import { readFile } from 'node:fs/promises';
import { OperatorError } from '../../errors/operator-error.js';
import { replaceFile } from '../../runtime/replace-file.js';
import type { Clock } from '../../values/clock.js';
import { isDone } from '../state/state-document.js';
import { StateFile } from '../state/state-file.js';
import { swapStores, type Direction } from '../switch-stores.js';

export interface MigrateSwitchOptions {
  readonly direction: Direction;
  readonly registryPath: string;
  readonly statePath: string;
  /** One featurestore of the registry; null: each that migrates. */
  readonly featurestore: string | null;
  /** Switch although the step `compare` is not done. */
  readonly withoutCompare: boolean;
}

const FILE_MODE = 0o644;

/** Changes the registry file, and notes it in the state file. Changes no gateway: the operator restarts them. */
export async function migrateSwitch(options: MigrateSwitchOptions, clock: Clock): Promise<string> {
  const { direction, registryPath, featurestore } = options;
  const state = await StateFile.open(options.statePath, clock);
  try {
    const isCompared = isDone(state.document, { id: 'compare' });
    if (direction === 'switch' && !isCompared && !options.withoutCompare) {
      throw new OperatorError('The stores were not compared, or too many values differ.', [
        'run "featuregraph migrate compare" first, or say --without-compare',
      ]);
    }
    const text = await readFile(registryPath, 'utf8').catch((cause: unknown) => {
      throw new OperatorError(`The registry file ${registryPath} cannot be read.`, [], { cause });
    });
    const swap = swapStores(text, direction, featurestore);
    if (swap.swapped.length > 0) await replaceFile(registryPath, swap.text, FILE_MODE);
    if (featurestore === null) await noteSwitch(state, direction);
    return switchText(swap, options);
  } finally {
    await state.close();
  }
}

async function noteSwitch(state: StateFile, direction: Direction): Promise<void> {
  if (direction === 'back') return state.undo('switch');
  if (isDone(state.document, { id: 'switch' })) return;
  await state.begin('switch');
  await state.end('switch', 'done', 'The registry file was changed.');
}

function switchText(
  { swapped, unchanged }: Pick<ReturnType<typeof swapStores>, 'swapped' | 'unchanged'>,
  { direction, registryPath }: MigrateSwitchOptions,
): string {
  const [serving, shadow] = direction === 'switch' ? ['new', 'legacy'] : ['legacy', 'new'];
  return [
    ...swapped.map((name) => `${name}: the ${serving} store serves, and the ${shadow} one is the shadow`),
    ...unchanged.map((name) => `${name}: it was so before`),
    ...(swapped.length > 0
      ? [
          `${registryPath} is changed. Restart the gateways, one after another: stores are opened at the start.`,
          'Until the last one has restarted, both stores serve and both get each write.',
        ]
      : []),
    '',
  ].join('\n');
}
