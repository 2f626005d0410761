/** How much of a series is kept where there is too much: of those that findings and charts are made from longest. */

/** What no finding is made from is thinned to so many samples, then left out. */
export const FEWEST = 64
/** What findings are made from keeps a shape. */
export const FEWEST_USED = 16

/** Families that findings and charts read, by the beginning of their names; other names (expressions, legends, files) are read for their words. */
const USED =
  /^(?:faultline_|node_(?:cpu|load|memory_Mem|pressure|filesystem|vmstat_oom|boot|disk_io|network)|container_(?:cpu|memory)|kube_(?:node|pod|deployment|statefulset|daemonset)|kubelet_|up$|probe_|pg_|redis_|pgbouncer_|nginx_|haproxy_|traefik_|envoy_|istio_|http|django_|ALERTS|machine_|coredns_|etcd_|apiserver_|.*(?:_requests?_total|_errors?_total|_duration_seconds(?:_sum|_count)?|cpu|mem|load|latency|conn|lag)|.*[^a-zA-Z0-9_:])/u

export const isUsed = (name: string): boolean => USED.test(name.slice(0, 200))
