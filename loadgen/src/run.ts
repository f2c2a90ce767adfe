import { writeFileSync } from 'node:fs'
import { InvalidArgument } from './arguments.ts'
import { renderImage } from './html/image.ts'
import { renderHtml } from './html/page.ts'
import { doneLine, generatorLines, progressLine, routeTable, soldOutLines, verdictLines } from './lines.ts'
import { createLive } from './live.ts'
import { type LoadOptions, sendLoad } from './load.ts'
import { type MetricsServer, startMetricsServer } from './metrics-server.ts'
import type { Options } from './options.ts'
import { constant, type Profile } from './profile.ts'
import type { Recorder, Slice } from './recorder.ts'
import { refill } from './refill.ts'
import type { Report } from './report.ts'
import { kneeLines, levelLine } from './search-lines.ts'
import { judge } from './slo.ts'
import type { Summary } from './summary.ts'
import { type Level, loadUntilBreaks, type Search } from './until-breaks.ts'

const BROKEN_SLO = 1
const SOLD_OUT = 3
const INTERRUPTED = 130

/** Sends the load, says how it goes and what came of it. Returns the exit code. */
export async function run(options: Options): Promise<number> {
  const { plain, described, slo, seed, outFile, jsonFile, metricsPort } = options
  const interrupted = new AbortController()
  const interrupt = () => interrupted.abort()
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt)
  // the lab's lines alone on standard output, the rest on standard error
  const say = (line: string) => (plain ? console.error(line) : console.log(line))
  const metrics = metricsPort === undefined ? undefined : await startMetricsServer(metricsPort)
  for (const file of [outFile, jsonFile]) if (file !== undefined) write(file, '')

  const startedAt = new Date()
  console.log(described)
  if (metrics) say(`metrics: ${metrics.url}`)
  const { summary, search, profile } = await send(options, interrupted.signal, metrics, say)
  process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
  await metrics?.close()

  const verdicts = judge(slo, summary)
  if (summary.routes.length > 0) for (const line of routeTable(summary)) say(line)
  for (const line of [...soldOutLines(summary), ...generatorLines(summary), ...verdictLines(verdicts)])
    say(line)
  if (!plain) say(`seed ${seed}`)
  const report: Report = {
    startedAt: startedAt.toISOString(),
    described,
    seed,
    scenario: options.scenario,
    summary,
    verdicts,
    search,
    profile,
  }
  if (jsonFile !== undefined) write(jsonFile, `${JSON.stringify(report, null, 2)}\n`)
  if (outFile !== undefined)
    write(outFile, outFile.endsWith('.svg') ? renderImage(report) : renderHtml(report))
  console.log(doneLine(summary.buyers))
  if (interrupted.signal.aborted) return INTERRUPTED
  if (search?.soldOut) return SOLD_OUT
  return verdicts.every(({ met }) => met) ? 0 : BROKEN_SLO
}

async function send(
  options: Options,
  signal: AbortSignal,
  metrics: MetricsServer | undefined,
  say: (line: string) => void,
): Promise<{ summary: Summary; search: Search | undefined; profile: Profile | undefined }> {
  const { gatewayUrl, shape, scenario, eventIds, seed, release, untilBreaks } = options
  const beforeStep = async () => (options.refill ? refill() : undefined)
  const live = createLive(process.stderr)
  const common: Omit<LoadOptions, 'shape'> = {
    gatewayUrl,
    scenario,
    eventIds,
    seed,
    release,
    signal,
    onSlice: live.show,
    ...(metrics && { observe: metrics.observe }),
  }
  if (!untilBreaks) {
    const onProgress = (seconds: number, { outcomes }: Recorder) => {
      live.clear()
      console.log(progressLine(seconds, outcomes))
    }
    await beforeStep()
    const summary = await sendLoad({ ...common, shape, onProgress })
    live.clear()
    return { summary, search: undefined, profile: 'profile' in shape ? shape.profile : undefined }
  }

  let startS = 0
  const slices: Slice[] = []
  const onLevel = (level: Level) => {
    live.clear()
    say(levelLine(level, 'users' in shape ? 'users' : 'rps'))
    slices.push(...level.summary.slices.map((slice) => ({ ...slice, second: startS + slice.second })))
    startS += level.summary.seconds
  }
  const users = 'users' in shape ? shape.users : undefined
  const search = await loadUntilBreaks({ ...common, ...untilBreaks, users, beforeStep, onLevel })
  live.clear()
  for (const line of kneeLines(search)) say(line)
  const last = (search.knee ?? search.levels.at(-1))?.summary ?? search.unfinished
  if (!last) throw new Error('a search without a step')
  const asked = search.levels.flatMap(({ level, summary }) => constant(level, summary.seconds))
  return { summary: { ...last, slices }, search, profile: users ? undefined : asked }
}

function write(file: string, text: string): void {
  try {
    writeFileSync(file, text)
  } catch (error) {
    throw new InvalidArgument(`${file} cannot be written (${(error as NodeJS.ErrnoException).code})`)
  }
}
