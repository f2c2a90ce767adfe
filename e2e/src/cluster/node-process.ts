import { IMAGES } from '@quickticket/testing/versions'
import { applyObjects, kubectl } from './kubectl.ts'
import type { Pod } from './production.ts'

/** Signals processes on a node, as a person with root there would: from a pod that sees all its processes. */
export interface NodeShell {
  /** Kills the first process of a pod's container with SIGKILL, as the kernel does when memory is short; `command` is in its command line. */
  killContainer(pod: Pod, command: RegExp): Promise<void>
  /** Stops the kubelet, and lets it go on after `seconds`. Returns at once. */
  freezeKubelet(seconds: number): Promise<void>
  close(): Promise<void>
}

/** Where a pod may see the node, and no lab looks. */
const NAMESPACE = 'kube-system'

/** @param node where it runs */
export async function openNodeShell(node: string): Promise<NodeShell> {
  const name = 'node-shell'
  await kubectl(['delete', 'pod', name, '-n', NAMESPACE, '--ignore-not-found', '--grace-period=1'])
  await applyObjects([nodePod(name, node)])
  await kubectl(['wait', '--for=condition=Ready', `pod/${name}`, '-n', NAMESPACE, '--timeout=60s'])
  const run = (script: string) => kubectl(['exec', name, '-n', NAMESPACE, '--', 'sh', '-c', script])

  return {
    async killContainer({ name, uid }, command) {
      // in the path of its control group; systemd writes the uid with other separators
      const group = `pod\\(${uid}\\|${uid.replaceAll('-', '_')}\\)`
      const found = await run(
        `for p in /proc/[0-9]*; do
           grep -q '${group}' $p/cgroup 2>/dev/null &&
             echo "\${p#/proc/} $(sed -n 's/^PPid:[^0-9]*//p' $p/status) $(tr '\\0' ' ' <$p/cmdline)"
         done; true`,
      )
      const processes = [...found.matchAll(/^(\d+) (\d+) (.*)$/gm)].map(([, pid, parent, line = '']) => ({
        pid,
        parent,
        line,
      }))
      const pids = new Set(processes.map(({ pid }) => pid))
      // what was started from outside of the container, and not by another of its processes
      const first = processes.find(({ parent, line }) => !pids.has(parent) && command.test(line))
      if (!first) throw new Error(`no process of ${name} is like ${command}:\n${found}`)
      await run(`kill -9 ${first.pid}`)
    },
    async freezeKubelet(seconds) {
      // k3s has the kubelet within itself; where a machine has several nodes, the command line names the one that is meant
      const find = `for p in /proc/[0-9]*; do
          case "$(cat $p/comm 2>/dev/null)" in
            kubelet) tr '\\0' ' ' <$p/cmdline | grep -q -e '--hostname-override ${node} ' -e '--hostname-override=${node} ' && echo \${p#/proc/}
                     tr '\\0' ' ' <$p/cmdline | grep -q -e '--hostname-override' || echo \${p#/proc/} ;;
            k3s-server|k3s-agent|k3s) echo \${p#/proc/} ;;
          esac
        done | head -1`
      await run(
        `pid=$(${find}); [ -n "$pid" ] && kill -STOP $pid && { (sleep ${seconds}; kill -CONT $pid) >/dev/null 2>&1 & }`,
      )
    },
    async close() {
      await kubectl(['delete', 'pod', name, '-n', NAMESPACE, '--grace-period=1', '--wait=false'])
    },
  }
}

function nodePod(name: string, node: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: NAMESPACE, labels: { 'quickticket-test': 'node-shell' } },
    spec: {
      nodeName: node,
      hostPID: true,
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 1,
      containers: [
        {
          name: 'shell',
          image: IMAGES.alpine,
          imagePullPolicy: 'IfNotPresent',
          command: ['sleep', 'infinity'],
          securityContext: { privileged: true, runAsUser: 0 },
        },
      ],
    },
  }
}
