/** The environment, in which the probe's key begins like all others: with the namespace. */
export function withProbePrefix(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { CACHE_NAMESPACE: namespace } = env;
  return namespace ? { REDIS_PROBE_PREFIX: namespace, ...env } : env;
}
