/** The tier that a value was found in. */
export type Tier = 'memory' | 'redis';
