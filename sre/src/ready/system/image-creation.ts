import { type RunProgram, runForJson } from '../../program.ts'

/**
 * When images were built, by their names or ids, as far as Docker on this machine has them.
 *
 * @returns milliseconds since 1970
 */
export async function readCreation(run: RunProgram, images: string[]): Promise<Map<string, number>> {
  const found = await Promise.allSettled(
    [...new Set(images)].map(async (image) => {
      const [first] = await runForJson<{ Created: string }[]>(run, 'docker', ['image', 'inspect', image])
      return [image, Date.parse(first?.Created ?? '')] as const
    }),
  )
  const dated = found.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  return new Map(dated.filter(([, at]) => Number.isFinite(at)))
}
