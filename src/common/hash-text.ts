const { imul } = Math;

/** FNV-1a over UTF-16 units, 32 bits: distributes names evenly. It is not collision resistant, so it must not identify a text. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
