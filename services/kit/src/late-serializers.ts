import { createRequire } from 'node:module'
import type { SerializerFactory, SerializerSelector } from '@fastify/fast-json-stringify-compiler'

const require = createRequire(import.meta.url)

/**
 * Fastify's own serializers, each compiled when its first answer is sent and not at the start: a gateway, which passes
 * bytes on, needs hardly any of them.
 */
export const buildSerializer: SerializerFactory = (schemas, options) => {
  let compile: ReturnType<SerializerFactory> | undefined
  return (route) => {
    let serialize: ((answer: unknown) => string) | undefined
    return (answer: unknown) => {
      compile ??= fastifysOwn()(schemas, options)
      serialize ??= compile(route)
      return serialize(answer)
    }
  }
}

function fastifysOwn(): SerializerFactory {
  const { SerializerSelector: select } = require('@fastify/fast-json-stringify-compiler')
  return (select as typeof SerializerSelector)()
}
