import { badInput } from '../errors/app-error.js';
import { acceleratorFault, hasBuiltIn } from './vertex-machines.js';
import type { Decimal } from './decimal.js';
import type { Usage } from './price-usage.js';
import { METERS } from './meters.js';
import { quantity } from './quantities.js';

/** A machine as a request names it. */
export interface MachineInput {
  /** null: the first one of the price book. */
  readonly machineType?: string | null | undefined;
  /** null: none. */
  readonly acceleratorType?: string | null | undefined;
  /** Accelerators per machine; null: one, where there is a type. */
  readonly acceleratorCount?: number | null | undefined;
}

/** Hours of machines and of their accelerators. */
export function machineUsages(machine: MachineInput, hours: Decimal, purpose: string): Usage[] {
  const { machineType = null, acceleratorType = null, acceleratorCount = null } = machine;
  const machines: Usage = {
    meter: METERS.machineHour,
    resource: machineType,
    quantity: hours,
    purpose,
    field: 'machineType',
    isEssential: true,
  };
  if (acceleratorType === null) {
    if (acceleratorCount === null) return [machines];
    throw badInput('"acceleratorCount" is given without "acceleratorType". Name the type.', 'acceleratorType');
  }
  const fault = machineType && acceleratorFault({ machineType, acceleratorType, acceleratorCount });
  if (fault) throw badInput(fault.message, fault.field);
  // The price of such a machine has that of its accelerators in it.
  if (hasBuiltIn(machineType, acceleratorType)) return [machines];
  const count = quantity('acceleratorCount', acceleratorCount ?? 1);
  const accelerators: Usage = {
    meter: METERS.acceleratorHour,
    resource: acceleratorType,
    quantity: hours.times(count),
    purpose,
    field: 'acceleratorType',
    isEssential: true,
  };
  return [machines, accelerators];
}
