import { Type as TypeBoxType } from 'typebox'
import { expect, test } from 'vitest'
import { Type } from '../src/schema.ts'

test.each([
  ['array', (T: typeof Type) => T.Array(T.String(), { maxItems: 3 })],
  ['boolean', (T: typeof Type) => T.Boolean({ default: false })],
  ['enum', (T: typeof Type) => T.Enum(['a', 'b'], { default: 'a' })],
  ['numbers', (T: typeof Type) => T.Object({ whole: T.Integer({ minimum: 1 }), any: T.Number() })],
  ['union', (T: typeof Type) => T.Union([T.String(), T.Null()], { description: 'a text or nothing' })],
  ['an empty object', (T: typeof Type) => T.Object({})],
  [
    'an object of which nothing is required',
    (T: typeof Type) => T.Object({ a: T.Optional(T.String({ minLength: 1 })) }),
  ],
  [
    'nested objects, some of it optional',
    (T: typeof Type) =>
      T.Object(
        { a: T.String(), b: T.Optional(T.Object({ c: T.Integer(), d: T.Optional(T.Null()) })) },
        { additionalProperties: false },
      ),
  ],
])('%s is what TypeBox builds', (_name, build) => {
  const built = JSON.parse(JSON.stringify(build(Type)))
  expect(built).toEqual(JSON.parse(JSON.stringify(build(TypeBoxType as unknown as typeof Type))))
})

test('leaving a schema optional does not change the schema itself', () => {
  const text = Type.String()
  expect(Type.Object({ a: Type.Optional(text), b: text })).toMatchObject({ required: ['b'] })
})
