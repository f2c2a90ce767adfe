import { type Check, noContainers } from '../check.ts'

const SECRET = /(PASS|PASSWORD|TOKEN|SECRET|PRIVATE_KEY|API_KEY)$/

export const plainSecrets: Check = {
  id: 'plain-secrets',
  question: 'Are secrets kept out of the plain variables of containers?',
  risk: 'Those who may look at a container, or at its description in Git, read the secret.',
  weight: 2,
  fix: 'Compose: NAME_FILE with docker-compose.secrets.yaml; cluster: valueFrom.secretKeyRef',
  async run(inspected) {
    const none = noContainers(inspected)
    if (none) return none
    // names only: a value must not get into an output
    const plain = (await inspected.workloads()).flatMap(({ service, variables }) =>
      variables
        .filter(({ name, value }) => SECRET.test(name) && value)
        .map(({ name }) => ({ name, service })),
    )
    const names = [...new Set(plain.map(({ name }) => name))]
    const listed = names.map((name) => {
      const services = plain.filter((one) => one.name === name).map(({ service }) => service)
      return `${name} (${services.join(', ')})`
    })
    return {
      status: plain.length === 0 ? 'pass' : 'fail',
      evidence: listed.join(', ') || 'no variable that holds a secret has a plain value',
      at: inspected.context.now(),
    }
  },
}
