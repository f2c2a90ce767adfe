import type { TString, Type as TypeBoxType } from 'typebox'

type Options = object | undefined
interface Schema {
  '~optional'?: boolean
}

/** A key for the schema that the documentation shows instead of the validating one. Ajv ignores symbols. */
export const DOCUMENTED_AS: unique symbol = Symbol('documented as')

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

/**
 * An integer in a path or a query. It is checked as the text that it is, because a conversion would take `1e1` and `0x1` too,
 * and shown as the integer that it means.
 *
 * @param shown for the documentation; `pattern` has to keep what it says
 */
export function integerText(
  pattern: string,
  shown: { description: string; examples: number[]; minimum: number; maximum: number },
): TString {
  return Object.assign(Type.String({ pattern }), { [DOCUMENTED_AS]: { type: 'integer', ...shown } })
}
