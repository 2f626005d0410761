/** What a panel's legend says: as a label `pod` where it can only be a pod's name, as `legend` else. */
import type { Labels } from '../src/model/extract.js'

/** Letters that Kubernetes makes random names of (apimachinery/pkg/util/rand); a Deployment's pods end in a hash and five of them. */
const POD = /^(?:([a-z0-9-]{1,63})[/:])?([a-z0-9][a-z0-9.-]{0,200}-[bcdfghjklmnpqrstvwxz2456789]{8,10}-[bcdfghjklmnpqrstvwxz2456789]{5})$/u

export const legendLabels = (legend: string): Labels => {
  const [, namespace, pod] = POD.exec(legend) ?? []
  return pod === undefined ? { legend } : namespace === undefined ? { pod } : { namespace, pod }
}
