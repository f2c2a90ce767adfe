import type { OpenApiDocument } from './openapi.ts'

/**
 * Moves each schema with a title to `components/schemas` and refers to it, so that generated clients have one type for one
 * thing, under its name.
 *
 * @throws {Error} when two different schemas have one title
 */
export function nameSchemas(document: OpenApiDocument): OpenApiDocument {
  const schemas: Record<string, unknown> = {}

  function named(node: unknown): unknown {
    if (Array.isArray(node)) return node.map(named)
    if (typeof node !== 'object' || node === null) return node
    const copy = Object.fromEntries(
      Object.entries(node).map(([key, value]) => [key, AS_THEY_ARE.has(key) ? value : named(value)]),
    )
    const { title, ...schema } = copy
    if (typeof title !== 'string' || schema.type !== 'object') return copy
    if (schemas[title] && JSON.stringify(schemas[title]) !== JSON.stringify(schema))
      throw new Error(`two schemas are called ${title}`)
    schemas[title] = schema
    return { $ref: `#/components/schemas/${title}` }
  }

  const paths = named(document.paths) as OpenApiDocument['paths']
  return { ...document, paths, components: { ...document.components, schemas } }
}

/** Their values are data, not schemas, and are copied unchanged. */
const AS_THEY_ARE = new Set(['example', 'examples', 'default', 'enum', 'const'])
