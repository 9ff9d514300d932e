import { status } from '@grpc/grpc-js';
import { expect, it } from 'vitest';
import { GRPC_STATUS, GrpcStatusError, isTransient } from '../../../../datasources/google/grpc-status.js';

it('has the codes of gRPC', () => {
  for (const [name, code] of Object.entries(GRPC_STATUS)) expect(status[name as keyof typeof status]).toBe(code);
});

it('tries again what is over by itself, and nothing that an operator has to mend', () => {
  const isTransientCode = (name: keyof typeof GRPC_STATUS): boolean =>
    isTransient(new GrpcStatusError(GRPC_STATUS[name], name));
  const names = Object.keys(GRPC_STATUS) as (keyof typeof GRPC_STATUS)[];
  expect(names.filter(isTransientCode)).toEqual(['DEADLINE_EXCEEDED', 'RESOURCE_EXHAUSTED', 'ABORTED', 'UNAVAILABLE']);
  expect(isTransient(new Error('no code'))).toBe(false);
  expect(isTransient(Object.assign(new Error('a code of Node'), { code: 'ECONNRESET' }))).toBe(false);
});
