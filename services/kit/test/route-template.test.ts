import { fastify } from 'fastify'
import { expect, test } from 'vitest'
import { rememberRoutes } from '../src/route-template.ts'

function routesOf(...routes: [method: string, url: string][]) {
  const app = fastify()
  rememberRoutes(app)
  for (const [method, url] of routes) app.route({ method, url, handler: async () => ({}) })
  return app.knownRoutes
}

test('a path finds the template of its route, with all its methods', () => {
  const routes = routesOf(['GET', '/things/:id'], ['DELETE', '/things/:id'], ['POST', '/things/:id/parts'])
  const found = routes.match('/things/7')
  expect(found?.template).toBe('/things/{id}')
  expect(found?.methods.toSorted()).toEqual(['DELETE', 'GET', 'HEAD'])
  expect(routes.match('/things/7/parts')).toEqual({ template: '/things/{id}/parts', methods: ['POST'] })
})

test('a path with more, fewer or empty parts is not found', () => {
  const routes = routesOf(['GET', '/things/:id'])
  for (const path of ['/', '/things', '/things/', '/things/7/', '/things/7/parts', 'things/7', '']) {
    expect(routes.match(path)).toBeUndefined()
  }
})

test('a route that ends in a wildcard matches no path', () => {
  expect(routesOf(['GET', '/files/*']).match('/files/a')).toBeUndefined()
})
