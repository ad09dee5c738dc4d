/**
 * Ranks from 0 to `size - 1` with the frequencies of Zipf's law with exponent 1, as searches and support questions have.
 *
 * @param random numbers in [0, 1)
 */
export function zipf(size: number, random: () => number): () => number {
  const cumulative = new Float64Array(size);
  let sum = 0;
  for (let rank = 0; rank < size; rank++) cumulative[rank] = sum += 1 / (rank + 1);
  return () => {
    const point = random() * sum;
    let [low, high] = [0, size - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (cumulative[middle]! < point) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}
