const MAX_ID_LENGTH = 200;

/** Whether a job can have the id. Ids come from clients: a store throws for a key that is empty or too long. */
export function isValidId(id: string): boolean {
  return id !== '' && id.length <= MAX_ID_LENGTH;
}
