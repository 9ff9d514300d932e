import type { AppError } from '../../errors/app-error.js';
import type { ErrorCode } from '../../errors/error-codes.js';
import type { RowFault } from '../feature-writer.js';

/** Why a row or a message is refused. */
export interface Refusal {
  readonly code: ErrorCode;
  readonly message: string;
  readonly field?: string;
}

export function refusalOfError({ code, message, details: { field } }: AppError): Refusal {
  return { code, message, ...(field === undefined ? {} : { field }) };
}

export function refusalOfFault({ code, message, part }: RowFault): Refusal {
  const field = part && fieldOf(part);
  return { code, message, ...(field === null ? {} : { field }) };
}

function fieldOf(part: NonNullable<RowFault['part']>): string {
  switch (part.kind) {
    case 'ENTITY_ID':
      return 'entityId';
    case 'TIMESTAMP':
      return 'timestamp';
    case 'VALUE':
      return `values.${part.feature}`;
  }
}
