/**
 * Kubernetes describes every Service of the namespace in variables of its pods, unless `enableServiceLinks` is false. A
 * Service `redis` becomes `REDIS_PORT=tcp://10.43.0.7:6379`, and such a variable can have the name of one of ours.
 *
 * @see https://kubernetes.io/docs/tutorials/services/connect-applications-service/#environment-variables
 */
export function isServiceLink(name: string, text: string): boolean {
  return ONLY_A_LINK.test(name) || (name.endsWith('_PORT') && LINK.test(text))
}

/** `REDIS_PORT` is not among them: it can also be a port that a person has chosen */
const ONLY_A_LINK = /(_SERVICE_HOST$|_SERVICE_PORT(_|$)|_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$)/
const LINK = /^(tcp|udp|sctp):\/\//
