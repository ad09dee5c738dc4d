import { classifyFailure, type FailureReason, type FailureImpact, impactOf } from './failure.js';

const failure = (message: string, extra: object = {}) => Object.assign(new Error(message), extra);

describe('classifyFailure', () => {
  it.each<[unknown, FailureReason, FailureImpact]>([
    [failure("READONLY You can't write against a read only replica."), 'READONLY', 'writes'],
    [
      failure("READONLY You can't write against a read only replica. script: 42a1, on @user_script:1."),
      'READONLY',
      'writes',
    ],
    [failure("OOM command not allowed when used memory > 'maxmemory'."), 'OOM', 'writes'],
    [failure('NOREPLICAS Not enough good replicas to write.'), 'NOREPLICAS', 'writes'],
    [
      failure('MISCONF Redis is configured to save RDB snapshots, but it is currently not able to persist on disk.'),
      'MISCONF',
      'writes',
    ],
    [failure('ERR DB capacity quota exceeded'), 'OOM', 'writes'],
    [failure('LOADING Redis is loading the dataset in memory'), 'LOADING', 'all'],
    [failure("MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'."), 'MASTERDOWN', 'all'],
    [failure('CLUSTERDOWN Hash slot not served'), 'CLUSTERDOWN', 'all'],
    [failure('Too many Cluster redirections. Last error: Error: MOVED 1 127.0.0.1:1'), 'CLUSTERDOWN', 'all'],
    [failure('BUSY Redis is busy running a script.'), 'BUSY', 'all'],
    [failure('WRONGPASS invalid username-password pair or user is disabled.'), 'WRONGPASS', 'all'],
    [failure('ERR invalid password'), 'WRONGPASS', 'all'],
    [failure('NOAUTH Authentication required.'), 'NOAUTH', 'all'],
    [failure('NOPERM this user has no permissions to access one of the keys used as arguments'), 'NOPERM', 'maybe'],
    [
      failure(
        "ERR The user executing the script can't access at least one of the keys mentioned in the command arguments",
      ),
      'NOPERM',
      'maybe',
    ],
    // Redis 7.2 and later, Valkey.
    [
      failure('ERR ACL failure in script: No permissions to access a key script: d9be, on @user_script:1.'),
      'NOPERM',
      'maybe',
    ],
    [failure('ERR max requests limit exceeded. Limit: 500000, Usage: 500000.'), 'QUOTA', 'all'],
    [failure('ERR max concurrent connections limit exceeded'), 'QUOTA', 'all'],
    [failure('ERR DB index is out of range'), 'database', 'all'],
    [failure('ERR SELECT is not allowed in cluster mode'), 'database', 'all'],
    [failure('ERR max number of clients reached'), 'refused', 'maybe'],
    [failure('Command timed out'), 'timeout', 'maybe'],
    [failure("Socket timeout. Expecting data, but didn't receive any in 1000ms."), 'timeout', 'maybe'],
    [failure('connect ETIMEDOUT', { code: 'ETIMEDOUT' }), 'timeout', 'maybe'],
    [new DOMException('The operation timed out', 'TimeoutError'), 'timeout', 'maybe'],
    [failure('Redis connection has 10000 commands in flight already.'), 'timeout', 'maybe'],
    [failure('connect ECONNREFUSED 127.0.0.1:6379', { code: 'ECONNREFUSED' }), 'refused', 'maybe'],
    [failure('', { code: 'ECONNREFUSED' }), 'refused', 'maybe'],
    [failure('getaddrinfo ENOTFOUND redis', { code: 'ENOTFOUND' }), 'refused', 'maybe'],
    [failure('All sentinels are unreachable. Retrying from scratch after 10ms.'), 'refused', 'maybe'],
    [failure('Failed to refresh slots cache.'), 'refused', 'maybe'],
    [failure('Failed to refresh slots cache.', { lastNodeError: failure('WRONGPASS no') }), 'WRONGPASS', 'all'],
    [failure('read ECONNRESET', { code: 'ECONNRESET' }), 'closed', 'maybe'],
    [failure('Connection is closed.'), 'closed', 'maybe'],
    [failure("Stream isn't writeable and enableOfflineQueue options is false"), 'closed', 'maybe'],
    [failure("Cluster isn't ready and enableOfflineQueue options is false"), 'closed', 'maybe'],
    [failure('Reached the max retries per request limit (which is 0).'), 'closed', 'maybe'],
    [failure('self-signed certificate in certificate chain', { code: 'SELF_SIGNED_CERT_IN_CHAIN' }), 'tls', 'maybe'],
    [
      failure("Hostname/IP does not match certificate's altnames", { code: 'ERR_TLS_CERT_ALTNAME_INVALID' }),
      'tls',
      'maybe',
    ],
    [failure('80EB2:error:0A00010B:SSL routines:ssl3_get_record:wrong version number'), 'tls', 'maybe'],
    [failure('WRONGTYPE Operation against a key holding the wrong kind of value'), 'error', 'none'],
    [failure("ERR unknown command 'EVALSHA'"), 'error', 'none'],
    [failure('error'), 'error', 'none'],
    [undefined, 'error', 'none'],
    ['OOM', 'error', 'none'],
  ])('%s is %s: speaks of %s', (error, reason, impact) => {
    expect(classifyFailure(error)).toBe(reason);
    expect(impactOf(reason)).toBe(impact);
  });
});
