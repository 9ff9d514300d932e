/**
 * The machines of Vertex AI and the accelerators that go with them, from
 * https://cloud.google.com/vertex-ai/docs/predictions/configure-compute and the protos of MachineSpec. A machine family
 * that is not listed is left to Vertex AI: Google adds families more often than this table is read.
 */

/** Machines with accelerators of their own. A job may use all of them or fewer. */
const BUILT_IN: Readonly<Record<string, { readonly accelerator: string; readonly count: number }>> = {
  ...sizes('NVIDIA_TESLA_A100', { 'a2-highgpu-1g': 1, 'a2-highgpu-2g': 2, 'a2-highgpu-4g': 4, 'a2-highgpu-8g': 8 }),
  ...sizes('NVIDIA_TESLA_A100', { 'a2-megagpu-16g': 16 }),
  ...sizes('NVIDIA_A100_80GB', { 'a2-ultragpu-1g': 1, 'a2-ultragpu-2g': 2, 'a2-ultragpu-4g': 4, 'a2-ultragpu-8g': 8 }),
  ...sizes('NVIDIA_H100_80GB', { 'a3-highgpu-1g': 1, 'a3-highgpu-2g': 2, 'a3-highgpu-4g': 4, 'a3-highgpu-8g': 8 }),
  ...sizes('NVIDIA_H100_80GB', { 'a3-edgegpu-8g': 8 }),
  ...sizes('NVIDIA_H100_MEGA_80GB', { 'a3-megagpu-8g': 8 }),
  ...sizes('NVIDIA_H200_141GB', { 'a3-ultragpu-8g': 8 }),
  ...sizes('NVIDIA_L4', { 'g2-standard-4': 1, 'g2-standard-8': 1, 'g2-standard-12': 1, 'g2-standard-16': 1 }),
  ...sizes('NVIDIA_L4', { 'g2-standard-24': 2, 'g2-standard-32': 1, 'g2-standard-48': 4, 'g2-standard-96': 8 }),
};

/** Accelerators that are attached to a machine, and how many of them. Only N1 machines take them. */
const ATTACHED: Readonly<Record<string, readonly number[]>> = {
  NVIDIA_TESLA_T4: [1, 2, 4],
  NVIDIA_TESLA_P4: [1, 2, 4],
  NVIDIA_TESLA_P100: [1, 2, 4],
  NVIDIA_TESLA_V100: [1, 2, 4, 8],
};

const WITHOUT_ACCELERATORS = ['e2', 'n2', 'n2d', 'c2', 'c2d', 'c3', 'c3d'];

/** The sizes of families whose names are all known here. */
const VCPUS: Readonly<Record<string, readonly number[]>> = {
  'e2-standard': [2, 4, 8, 16, 32],
  'e2-highmem': [2, 4, 8, 16],
  'e2-highcpu': [2, 4, 8, 16, 32],
  'n1-standard': [2, 4, 8, 16, 32],
  'n1-highmem': [2, 4, 8, 16, 32],
  'n1-highcpu': [2, 4, 8, 16, 32],
  'c2-standard': [4, 8, 16, 30, 60],
};

/** family-kind-size, e.g. n1-standard-4, a2-highgpu-1g, c3-standard-8-lssd. */
const MACHINE_TYPE = /^(([a-z]+\d[a-z\d]*)-[a-z]+)-(\d+)([a-z]?)(-[a-z]+)?$/;

export interface Machine {
  readonly machineType: string;
  /** null: none. */
  readonly acceleratorType: string | null;
  /** null: none, or one. */
  readonly acceleratorCount: number | null;
}

export interface MachineFault {
  readonly field: 'machineType' | 'acceleratorType' | 'acceleratorCount';
  /** A sentence that says what is possible. */
  readonly message: string;
}

/** Why Vertex AI has no such machine; undefined when it has, or when this table does not know the family. */
export function machineFault(machine: Machine): MachineFault | undefined {
  const message = machineTypeFault(machine.machineType);
  return message === undefined ? acceleratorFault(machine) : { field: 'machineType', message };
}

/** Why a machine does not take these accelerators; undefined when it does, or when this table does not know it. */
export function acceleratorFault({
  machineType,
  acceleratorType,
  acceleratorCount,
}: Machine): MachineFault | undefined {
  if (acceleratorType === null) return undefined;
  const [, , family = ''] = MACHINE_TYPE.exec(machineType) ?? [];
  const builtIn = BUILT_IN[machineType];
  const count = acceleratorCount ?? 1;
  if (builtIn !== undefined) return builtInFault(machineType, builtIn, acceleratorType, count);
  if (WITHOUT_ACCELERATORS.includes(family)) {
    return { field: 'acceleratorType', message: `A ${family} machine takes no accelerator. N1 machines take some.` };
  }
  if (family !== 'n1') return undefined;
  const counts = ATTACHED[acceleratorType];
  if (counts === undefined) {
    const possible = Object.keys(ATTACHED).join(', ');
    return { field: 'acceleratorType', message: `An N1 machine takes ${possible}, and no ${acceleratorType}.` };
  }
  if (counts.includes(count)) return undefined;
  return { field: 'acceleratorCount', message: `A machine takes ${counts.join(', ')} of ${acceleratorType}.` };
}

/** Whether the price of the machine has that of the accelerator in it. */
export function hasBuiltIn(machineType: string | null, acceleratorType: string): boolean {
  return machineType !== null && BUILT_IN[machineType]?.accelerator === acceleratorType;
}

function machineTypeFault(machineType: string): string | undefined {
  const [, kind, family, size] = MACHINE_TYPE.exec(machineType) ?? [];
  if (kind === undefined) return `"${machineType}" is not a machine type such as n1-standard-4 or g2-standard-8.`;
  const vcpus = VCPUS[kind];
  if (vcpus !== undefined && !vcpus.includes(Number(size))) {
    return `There is no ${machineType}. There are: ${vcpus.map((count) => `${kind}-${count}`).join(', ')}.`;
  }
  const ofFamily = Object.keys(BUILT_IN).filter((name) => name.startsWith(`${family}-`));
  if (ofFamily.length === 0 || ofFamily.includes(machineType)) return undefined;
  return `There is no ${machineType}. There are: ${ofFamily.join(', ')}.`;
}

function builtInFault(
  machineType: string,
  { accelerator, count }: { readonly accelerator: string; readonly count: number },
  acceleratorType: string,
  asked: number,
): MachineFault | undefined {
  if (acceleratorType !== accelerator) {
    return { field: 'acceleratorType', message: `${machineType} comes with ${accelerator}, and takes no other.` };
  }
  if (asked >= 1 && asked <= count) return undefined;
  return { field: 'acceleratorCount', message: `${machineType} has ${count} of ${accelerator}.` };
}

function sizes(
  accelerator: string,
  counts: Readonly<Record<string, number>>,
): Record<string, { accelerator: string; count: number }> {
  return Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, { accelerator, count }]));
}
