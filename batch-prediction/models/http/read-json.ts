/** Reads a JSON answer, and stops reading once it is over the limit: a server gone wrong must not fill the memory. */
export async function readJson(response: Response, maxBytes: number): Promise<unknown> {
  const decoder = new TextDecoder();
  let bytes = 0;
  let text = '';
  for await (const chunk of response.body ?? []) {
    bytes += (chunk as Uint8Array).byteLength;
    // Leaving the loop cancels the body, and with it the connection.
    if (bytes > maxBytes) throw new Error(`the answer of a model's server is over ${maxBytes} bytes`);
    text += decoder.decode(chunk as Uint8Array, { stream: true });
  }
  return JSON.parse(text + decoder.decode()) as unknown;
}
