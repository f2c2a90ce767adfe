import { lengthText } from '../../text.ts'
import { type Check, noContainers } from '../check.ts'
import { ofProduct } from '../services.ts'

const OLDEST_MS = 90 * 24 * 3600_000

export const imageAge: Check = {
  id: 'image-age',
  question: 'Are the images younger than 90 days?',
  risk: 'An old image has holes that are known and closed elsewhere.',
  weight: 2,
  fix: 'Build and deploy again: `docker compose build --pull && docker compose up -d`',
  async run(inspected) {
    const none = noContainers(inspected)
    if (none) return none
    const now = inspected.context.now()
    const workloads = ofProduct(await inspected.workloads(), inspected.services)
    const dated = workloads.flatMap(({ service, imageCreatedAt }) =>
      imageCreatedAt === undefined ? [] : [{ service, ageMs: now - imageCreatedAt }],
    )
    const old = dated.filter(({ ageMs }) => ageMs > OLDEST_MS)
    if (old.length > 0) {
      const ages = old.map(({ service, ageMs }) => `${service} ${lengthText(ageMs)}`)
      return { status: 'fail', evidence: `older: ${ages.join(', ')}`, at: now }
    }
    if (dated.length < workloads.length || dated.length === 0) {
      const undated = workloads.filter(({ imageCreatedAt }) => imageCreatedAt === undefined)
      return {
        status: 'unknown',
        evidence: `not told when it was built: ${undated.map(({ service }) => service).join(', ')}`,
        fix: 'A cluster does not tell it: pull the images into the Docker of this machine, whose images of the same names are looked at',
      }
    }
    const oldest = dated.reduce((a, b) => (b.ageMs > a.ageMs ? b : a))
    return {
      status: 'pass',
      evidence: `the oldest is ${oldest.service}: ${lengthText(oldest.ageMs)}`,
      at: now,
    }
  },
}
