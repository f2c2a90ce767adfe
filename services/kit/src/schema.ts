import type { Type as TypeBoxType } from 'typebox'

type Options = object | undefined
interface Schema {
  '~optional'?: boolean
}

/**
 * TypeBox's builders as far as they are used here, with its types: one source for types, validation and documentation.
 * TypeBox's own are 700 modules of types that have to be loaded before the first request; what they build for these is
 * plain JSON Schema, and a test keeps both equal.
 */
export const Type = {
  Array: (items: Schema, options: Options) => ({ type: 'array', items, ...options }),
  Boolean: (options: Options) => ({ type: 'boolean', ...options }),
  Enum: (values: unknown[], options: Options) => ({ enum: values, ...options }),
  Integer: (options: Options) => ({ type: 'integer', ...options }),
  Null: (options: Options) => ({ type: 'null', ...options }),
  Number: (options: Options) => ({ type: 'number', ...options }),
  Object: (properties: Record<string, Schema>, options: Options) => {
    const required = Object.keys(properties).filter((name) => !properties[name]?.['~optional'])
    return { type: 'object', ...(required.length > 0 && { required }), properties, ...options }
  },
  Optional: (schema: Schema) => Object.defineProperty({ ...schema }, '~optional', { value: true }),
  String: (options: Options) => ({ type: 'string', ...options }),
  Union: (anyOf: Schema[], options: Options) => ({ anyOf, ...options }),
} as unknown as Pick<
  typeof TypeBoxType,
  'Array' | 'Boolean' | 'Enum' | 'Integer' | 'Null' | 'Number' | 'Object' | 'Optional' | 'String' | 'Union'
>
