import { seededRandom } from '../../../../test/support/seeded-random.js';
import { type PlaneQuery, planeQueryOf, planesOf, type VectorPlanes } from './vector-planes.js';

const random = seededRandom(7);
const unit = (numbers: number[]) => numbers.map((number) => number / Math.hypot(...numbers));
const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
const vectorOf = (width: number) => unit(Array.from({ length: width }, normal));
const product = (a: readonly number[], b: readonly number[]) => a.reduce((sum, number, i) => sum + number * b[i]!, 0);

/** The distance as the database computes it. */
function estimate(query: PlaneQuery, vector: VectorPlanes): number {
  let pairs = 0;
  for (const [i, mine] of vector.planes.entries())
    for (const [j, theirs] of query.planes.entries())
      pairs += 2 ** (i + j) * [...mine].filter((bit, at) => bit === '1' && theirs[at] === '1').length;
  return vector.low * query.ofLow + vector.step * (query.ofTotal * vector.total + query.ofPairs * pairs);
}

describe('vector planes', () => {
  it.each([2, 64, 512])('estimate products of vectors of %i numbers within the bound they give', (width) => {
    for (let round = 0; round < 50; round++) {
      const [question, vector] = [vectorOf(width), vectorOf(width)];
      const [query, planes] = [planeQueryOf(question), planesOf(vector)];
      const error = Math.abs(estimate(query, planes) - product(question, vector));
      expect(error).toBeLessThanOrEqual(planes.step * query.reserve + query.margin);
      expect(planes.step * query.reserve + query.margin).toBeLessThan(1);
    }
  });

  it('keep a vector of equal numbers', () => {
    const planes = planesOf(unit([1, 1, 1, 1]));
    expect(planes).toMatchObject({ low: 0.5, step: 0, total: 0 });
    expect(estimate(planeQueryOf(unit([1, 1, 1, 1])), planes)).toBeCloseTo(1);
  });
});
