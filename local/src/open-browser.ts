import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import type { SystemStatus } from './control-protocol.ts'
import type { Environment } from './options.ts'

/** Shows the API in the browser of this machine, and says its address in any case. */
export async function openBrowser(
  { components }: SystemStatus,
  environment: Environment,
): Promise<{ text: string; json: unknown }> {
  const gateway = components.find(({ component }) => component === 'gateway')
  const url = `${gateway?.address}/docs`
  if (gateway?.state !== 'running') throw new Error(`gateway is ${gateway?.state}, so ${url} does not answer`)
  const opened = await tryEach(browsers(process.platform, environment), url)
  return { text: opened ? url : `no browser here; the address is ${url}`, json: { url, opened } }
}

const WAIT_MS = 3000

type Browser = [program: string, ...args: string[]]

/** What may open an address, the likeliest first. Without a screen there is none. */
function browsers(platform: NodeJS.Platform, environment: Environment): Browser[] {
  if (platform === 'darwin') return [['open']]
  if (platform === 'win32') return [['cmd.exe', '/c', 'start', '']]
  const wsl: Browser[] = [['wslview'], ['cmd.exe', '/c', 'start', '']]
  const hasScreen = Boolean(environment.DISPLAY || environment.WAYLAND_DISPLAY)
  return [...(isWsl() ? wsl : []), ...(hasScreen ? [['xdg-open'] satisfies Browser] : [])]
}

async function tryEach(found: Browser[], url: string): Promise<boolean> {
  for (const [program, ...args] of found) {
    const child = spawn(program, [...args, url], { stdio: 'ignore', detached: true })
    child.unref()
    const closed = once(child, 'close').then(
      ([code]) => code === 0,
      () => false,
    )
    // some stay as long as their window does
    if (await Promise.race([closed, delay(WAIT_MS, true)])) return true
  }
  return false
}

function isWsl(): boolean {
  try {
    return /microsoft/i.test(readFileSync('/proc/version', 'utf8'))
  } catch {
    // only Linux has /proc
    return false
  }
}
