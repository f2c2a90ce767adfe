import { once } from 'node:events'
import { connect } from 'node:net'
import { startTestSystem } from '@quickticket/testing/system'
import { expect, onTestFinished, test } from 'vitest'
import { SERVICES } from '../src/components.ts'
import { serviceVariables } from '../src/service-variables.ts'

test('services are reached from this machine only, unless HOST says otherwise', {
  timeout: 120_000,
}, async () => {
  const system = await startTestSystem({ env: { HOST: undefined } })
  onTestFinished(() => system.remove())
  const ports = SERVICES.map((name) => Number(new URL(system.addresses[name]).port))
  for (const port of ports) expect(await isOpen('127.0.0.1', port)).toBe(true)
  // another address of this machine, as others see it
  for (const port of ports) expect(await isOpen('127.0.0.2', port)).toBe(false)

  await system.control.restart('payments', { HOST: '0.0.0.0' })
  expect(await isOpen('127.0.0.2', Number(new URL(system.addresses.payments).port))).toBe(true)
})

test('HOST of the environment is that of every service', () => {
  const ports = { gateway: 1, events: 2, payments: 3, notifications: 4, postgres: 5, redis: 6, sre: 7 }
  const hostOf = (environment: Record<string, string>) =>
    SERVICES.map((name) => serviceVariables(name, ports, environment, true).HOST)
  expect(hostOf({ HOST: '0.0.0.0' })).toEqual(Array(4).fill('0.0.0.0'))
  expect(hostOf({ HOST: '' })).toEqual(Array(4).fill('127.0.0.1'))
})

async function isOpen(host: string, port: number): Promise<boolean> {
  const socket = connect(port, host)
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
