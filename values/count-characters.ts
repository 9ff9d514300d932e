/** The Unicode characters of a text: a pair of surrogates is one. */
export function countCharacters(text: string): number {
  let characters = text.length;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit >= 0xd800 && unit <= 0xdbff) characters -= 1;
  }
  return characters;
}
