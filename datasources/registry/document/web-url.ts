import { z } from 'zod';
import { isBlockedPort } from './blocked-ports.js';

/** A URL that the gateway sends requests to. */
export const webUrl = z
  .url({ protocol: /^https?$/, error: 'an http or https URL' })
  .refine((address) => !hasUser(new URL(address)), 'a URL has no user and password in it')
  .refine((address) => !isBlockedPort(new URL(address)), {
    error: ({ input }) =>
      `nothing is ever sent to port ${new URL(String(input)).port}: it is kept for another protocol, or is none; let the server listen on another port`,
  });

/** A password can have no user. */
function hasUser({ username, password }: URL): boolean {
  return username !== '' || password !== '';
}
