import { toErrorMessage } from '../../../errors/error-message.js';
import { z } from 'zod';
import { ttlFromSeconds } from '../../../values/instant.js';

/** Fields that several parts of a registry file share. */
export const resourceName = (most: number) =>
  z
    .string()
    .regex(/^[a-z_][a-z0-9_]*$/, 'a name has lower-case letters, digits and _, and does not begin with a digit')
    .max(most, `a name has at most ${most} characters`);

/** Other people often name columns, in any case of letters. */
export const columnName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'a column has letters, digits and _, and does not begin with a digit')
  .max(128, 'a column has at most 128 characters');

export const MAX_FEATURE_NAME_LENGTH = 64;

export const seconds = z.number().superRefine((number, context) => {
  try {
    ttlFromSeconds(number);
  } catch (error) {
    context.addIssue({ code: 'custom', message: toErrorMessage(error) });
  }
});

/** A share of all, or a distance with the greatest value 1: a bound of 1 would find nothing. */
export const share = z.number().min(0).lt(1);

export const region = z
  .string()
  .regex(/^[a-z]+-[a-z]+[0-9]+$/, 'a region is written like europe-west4')
  .describe('The region. Its endpoint is the one that is called.');

export const featureOnlineStore = resourceName(60).describe('The feature online store. Its views hold the values.');

export const usePreview = z
  .boolean()
  .default(true)
  .describe('Read many entities by the streaming fetch, which is in preview. false: one request an entity.');
