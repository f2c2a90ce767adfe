import { fastify } from 'fastify'
import { expect, test } from 'vitest'
import { rememberRoutes } from '../src/known-routes.ts'

function routesOf(...routes: [method: string, url: string][]) {
  const app = fastify()
  rememberRoutes(app)
  for (const [method, url] of routes) app.route({ method, url, handler: async () => ({}) })
  return app.knownRoutes
}

test('a path is found by its template, with all methods it has', () => {
  const routes = routesOf(['GET', '/things/:id'], ['DELETE', '/things/:id'], ['POST', '/things/:id/parts'])
  const found = routes.match('/things/7')
  expect(found?.template).toBe('/things/{id}')
  expect(found?.methods.toSorted()).toEqual(['DELETE', 'GET', 'HEAD'])
  expect(routes.match('/things/7/parts')).toEqual({ template: '/things/{id}/parts', methods: ['POST'] })
})

test('what has more, fewer or empty parts is not found', () => {
  const routes = routesOf(['GET', '/things/:id'])
  for (const path of ['/', '/things', '/things/', '/things/7/', '/things/7/parts', 'things/7', '']) {
    expect(routes.match(path)).toBeUndefined()
  }
})

test('wildcards are nobody’s template', () => {
  expect(routesOf(['GET', '/files/*']).match('/files/a')).toBeUndefined()
})
