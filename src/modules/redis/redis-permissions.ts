/** Commands that instances send, and what for. */
const COMMANDS = {
  connecting: ['hello', 'auth', 'ping', 'select', 'client|setname'],
  'values, leases, tags': [
    ...['get', 'mget', 'set', 'del', 'unlink', 'exists', 'pexpire', 'pttl', 'getrange', 'setrange', 'time'],
    ...['eval', 'evalsha'],
  ],
  'the log of invalidations and its announcements': [
    ...['xadd', 'xrange', 'xrevrange', 'publish', 'subscribe', 'unsubscribe'],
  ],
  sessions: [
    ...['hexists', 'hget', 'hmget', 'hset', 'lrange', 'lset', 'ltrim', 'rpush'],
    ...['zadd', 'zrange', 'zrangebyscore', 'zrem', 'zremrangebyscore', 'zscore'],
  ],
  'limits for each API key': ['multi', 'exec', 'incrby'],
  "CACHE_MANAGER's clear()": ['scan'],
  'recognising the server, watching memory': ['info'],
  Cluster: ['cluster|slots', 'asking'],
} as const;

/** Namespaces of one service: that of its cache, and that of its sessions. */
const ENDINGS = ['', '.sessions'];

/**
 * The rules of the Redis ACL that a service with this namespace needs, as `ACL SETUSER` takes them. Every key and channel begins
 * with the namespace: with a hash tag `{namespace}` or `{namespace:partition}`, or plainly.
 */
export function redisPermissions(namespace: string): string[] {
  const names = ENDINGS.map((ending) => namespace + ending);
  return [
    'resetkeys',
    ...names.flatMap((name) => [`~{${name}}:*`, `~{${name}:*`, `~${name}:*`]),
    'resetchannels',
    ...names.map((name) => `&${name}:*`),
    '-@all',
    ...Object.values(COMMANDS).flatMap((commands) => commands.map((command) => `+${command}`)),
  ];
}

/** An ACL file for {@link redisPermissions}. */
export function renderAclFile(namespace: string): string {
  return `# The least that a Larder instance needs, with CACHE_NAMESPACE=${namespace}. Load it with \`aclfile /etc/redis/larder.acl\`,
# or give the words after \`user\` to ACL SETUSER. Replace CHANGE-ME. For another namespace: npm run acl -- NAMESPACE
#
# What each command is for: docs/guides/redis.md. Redis 6.2 has no selectors, so one user serves all of them.
user ${namespace} on >CHANGE-ME ${redisPermissions(namespace).join(' ')}
`;
}
