import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The oldest Redis that Larder runs on. */
const OLDEST = 6.2;

/** Since which Redis there is a command (redis.io/commands), for all that scripts call. A new one is added with its version. */
const COMMANDS: Readonly<Record<string, number>> = {
  DEL: 1,
  EXISTS: 1,
  GET: 1,
  GETRANGE: 2.4,
  HEXISTS: 2,
  HGET: 2,
  HMGET: 2,
  HSET: 2,
  LRANGE: 1,
  LSET: 1,
  LTRIM: 1,
  PEXPIRE: 2.6,
  PTTL: 2.6,
  PUBLISH: 2,
  RPUSH: 1,
  SET: 1,
  SETRANGE: 2.2,
  TIME: 2.6,
  XADD: 5,
  XREVRANGE: 5,
  ZADD: 1.2,
  ZRANGE: 1.2,
  ZRANGEBYSCORE: 1.2,
  ZREM: 1.2,
  ZREMRANGEBYSCORE: 1.2,
  ZSCORE: 1.2,
};

/** Options that are younger than their command. */
const OPTIONS: readonly (readonly [RegExp, number])[] = [
  [/'SET'.*'KEEPTTL'/, 6],
  [/'SET'.*'GET'/, 6.2],
  [/'PEXPIRE'.*'(NX|XX|GT|LT)'/, 7],
  [/'XADD'.*'(NOMKSTREAM|MINID|LIMIT)'/, 6.2],
  [/'XADD'.*-\*'/, 7],
  [/'ZADD'.*'(GT|LT)'/, 6.2],
  [/'ZRANGE'.*'(BYSCORE|BYLEX|REV|LIMIT)'/, 6.2],
];

/** Abilities of scripts besides calling commands, by the version that brought them. */
const FUNCTIONS: readonly (readonly [RegExp, number])[] = [
  [/^#!lua/m, 7],
  [/redis\.(setresp|REDIS_VERSION|acl_check_cmd|register_function)/, 7],
];

const SOURCES = 'src';
const scripts = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.lua'))
  .map((file) => ({ file, text: readFileSync(join(SOURCES, file), 'utf8') }));

describe(`Redis ${OLDEST}`, () => {
  it('is asked by all scripts there are', () => {
    expect(scripts.length).toBeGreaterThan(10);
  });

  it.each(scripts)('has the commands that $file calls', ({ text }) => {
    const calls = text.match(/redis\.p?call\(.*/g) ?? [];
    for (const call of calls) {
      const command = /redis\.p?call\('([A-Z]+)'/.exec(call)?.[1];
      expect([call, COMMANDS[command ?? '']]).toEqual([call, expect.any(Number)]);
      expect(COMMANDS[command!]).toBeLessThanOrEqual(OLDEST);
    }
    const tooYoung = [...OPTIONS, ...FUNCTIONS].filter(([use, since]) => since > OLDEST && use.test(text));
    expect(tooYoung).toEqual([]);
  });
});
