/**
 * Kubernetes describes every Service of the namespace in variables of its pods, unless `enableServiceLinks` is false. A
 * Service `redis` becomes `REDIS_PORT=tcp://10.43.0.7:6379`, which has the name of one of our variables.
 *
 * @see https://kubernetes.io/docs/tutorials/services/connect-applications-service/#environment-variables
 */
export function isServiceLink(name: string, text: string): boolean {
  return ONLY_A_LINK.test(name) || (name.endsWith('_PORT') && LINK.test(text))
}

/** Not `REDIS_PORT`: that can also be a configured port. */
const ONLY_A_LINK = /(_SERVICE_HOST$|_SERVICE_PORT(_|$)|_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$)/
const LINK = /^(tcp|udp|sctp):\/\//
