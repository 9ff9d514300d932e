/** The text of a response. Reading stops at the limit: a faulty server must not fill the memory. */
export async function readBody(response: Response, maxBytes: number): Promise<string> {
  const { text, isWhole } = await readUpTo(response, maxBytes);
  if (!isWhole) throw new Error(`the answer of a model's server is over ${maxBytes} bytes`);
  return text;
}

/** The beginning of a response, read for its message. */
export async function readBeginning(response: Response, maxBytes: number): Promise<string> {
  // If the server closes the connection, the part received so far is the message.
  return readUpTo(response, maxBytes).then(
    ({ text }) => text,
    () => '',
  );
}

async function readUpTo(
  response: Response,
  maxBytes: number,
): Promise<{ readonly text: string; readonly isWhole: boolean }> {
  const decoder = new TextDecoder();
  let bytes = 0;
  let text = '';
  for await (const chunk of response.body ?? []) {
    bytes += (chunk as Uint8Array).byteLength;
    // Leaving the loop cancels the body, and with it the connection.
    if (bytes > maxBytes) return { text, isWhole: false };
    text += decoder.decode(chunk as Uint8Array, { stream: true });
  }
  return { text: text + decoder.decode(), isWhole: true };
}
