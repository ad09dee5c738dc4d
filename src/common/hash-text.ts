const { imul } = Math;

/** FNV-1a over UTF-16 units, 32 bits: spreads names evenly. Anyone can make two texts collide, so it is no identity. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
