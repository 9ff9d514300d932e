import { status } from '@grpc/grpc-js';

export type StatusName = Exclude<keyof typeof status, 'OK'>;

/** What the server answers instead of a response. */
export class Refusal extends Error {
  readonly code: number;

  constructor(
    readonly statusName: StatusName,
    readonly details: string,
  ) {
    super(`${statusName}: ${details}`);
    this.code = status[statusName];
  }
}

export function refuse(statusName: StatusName, details: string): never {
  throw new Refusal(statusName, details);
}
