import { describe, expect, it } from 'vitest';
import { hasBuiltIn, machineFault, type Machine } from '../../../costs/vertex-machines.js';
import { MACHINES } from '../../support/google/limits.js';
import { checkMachine } from '../../support/google/vertex/batch-prediction-jobs.js';

const machine = (machineType: string, acceleratorType: string | null = null, acceleratorCount: number | null = null) =>
  ({ machineType, acceleratorType, acceleratorCount }) satisfies Machine;

describe('machines of Vertex AI', () => {
  it.each([
    machine('n1-standard-4'),
    machine('e2-highmem-16'),
    machine('c2-standard-60'),
    machine('c3-standard-8-lssd'),
    machine('n1-standard-8', 'NVIDIA_TESLA_T4'),
    machine('n1-highmem-32', 'NVIDIA_TESLA_V100', 8),
    machine('a2-highgpu-4g', 'NVIDIA_TESLA_A100', 4),
    // A replica may take a part of a machine.
    machine('a3-highgpu-8g', 'NVIDIA_H100_80GB', 2),
    machine('g2-standard-48', 'NVIDIA_L4', 4),
    // Of families that this table does not know, Vertex AI judges.
    machine('ct5lp-hightpu-4t', 'TPU_V5_LITEPOD', 4),
  ])('are there: $machineType with $acceleratorCount $acceleratorType', (there) => {
    expect(machineFault(there)).toBeUndefined();
  });

  it.each([
    [machine('banana'), 'machineType', /n1-standard-4/],
    [machine('n1-standard-3'), 'machineType', /n1-standard-2, n1-standard-4/],
    [machine('g2-standard-5'), 'machineType', /g2-standard-4, g2-standard-8/],
    [machine('e2-standard-4', 'NVIDIA_TESLA_T4'), 'acceleratorType', /takes no accelerator/],
    [machine('n1-standard-4', 'NVIDIA_L4'), 'acceleratorType', /NVIDIA_TESLA_T4/],
    [machine('g2-standard-4', 'NVIDIA_TESLA_T4'), 'acceleratorType', /NVIDIA_L4/],
    [machine('n1-standard-4', 'NVIDIA_TESLA_T4', 3), 'acceleratorCount', /1, 2, 4/],
    [machine('g2-standard-24', 'NVIDIA_L4', 4), 'acceleratorCount', /has 2/],
    [machine('a2-highgpu-1g', 'NVIDIA_TESLA_A100', 0), 'acceleratorCount', /has 1/],
  ])('are not there: %o', (absent, field, message) => {
    expect(machineFault(absent)).toEqual({ field, message: expect.stringMatching(message) });
  });

  it('have the price of their own accelerators in theirs', () => {
    expect(hasBuiltIn('g2-standard-8', 'NVIDIA_L4')).toBe(true);
    expect(hasBuiltIn('n1-standard-8', 'NVIDIA_TESLA_T4')).toBe(false);
    expect(hasBuiltIn(null, 'NVIDIA_L4')).toBe(false);
  });
});

describe('the table of the test server, which has its own source', () => {
  const accelerators = [...new Set(MACHINES.flatMap((machine) => Object.keys(machine.accelerators)))];
  const machineTypes = [
    ...['banana', 'n1-standard-3', 'n1-standard-4', 'n1-highmem-8', 'n1-highcpu-32', 'e2-standard-4', 'e2-standard-64'],
    ...['c2-standard-8', 'c2-standard-9', 'g2-standard-4', 'g2-standard-5', 'g2-standard-24', 'g2-standard-96'],
    ...['a2-highgpu-1g', 'a2-highgpu-3g', 'a2-highgpu-8g', 'a3-highgpu-8g'],
  ];
  const machines = machineTypes.flatMap((machineType) => [
    { machineType, acceleratorType: null, acceleratorCount: null },
    ...accelerators.flatMap((acceleratorType) =>
      [1, 2, 3, 4, 8].map((acceleratorCount) => ({ machineType, acceleratorType, acceleratorCount })),
    ),
  ]);

  it.each(machines)('agrees on $machineType with $acceleratorCount of $acceleratorType', (machine) => {
    const isRefused = (() => {
      try {
        checkMachine(machine);
        return false;
      } catch {
        return true;
      }
    })();
    expect(machineFault(machine) !== undefined).toBe(isRefused);
  });
});
