import { COMMANDS, type CommandSpec, isOneOf, LEVELS, type SHELLS } from './commands.ts'
import { SERVICES } from './components.ts'
import { REPOSITORY } from './data-dir.ts'
import { variablesOf } from './known-variables.ts'

/** The shell function that the script defines: `npm run local --` is too long to complete. */
const FUNCTION = 'quickticket'

/** A script for a shell: defines `quickticket` as this command, and completes it. */
export function completionScript(shell: (typeof SHELLS)[number]): string {
  return { bash, zsh, fish }[shell]()
}

/** What may follow the words before; a command that takes no component has an empty list. */
function words(spec: CommandSpec): { first: string[]; options: string[]; rest: Map<string, string[]> } {
  const options = ['--json', '--help', ...(spec.options ?? []).map((option) => `--${option}`)]
  const rest = new Map<string, string[]>()
  for (const name of spec.first) {
    if (spec.rest === 'variables' && isOneOf(SERVICES, name)) {
      rest.set(
        name,
        variablesOf(name)
          .filter((variable) => variable !== 'PORT')
          .map((variable) => `${variable}=`),
      )
    }
    if (spec.rest === 'faults' && name !== 'none') rest.set(name, ['none'])
  }
  return { first: [...spec.first], options, rest }
}

function bash(): string {
  const cases = COMMANDS.flatMap((spec) => {
    const { first, options, rest } = words(spec)
    return [
      ...[...rest].map(([name, next]) => `    "${spec.name} ${name}") next="${next.join(' ')}" ;;`),
      `    "${spec.name} ") next="${[...first, ...options].join(' ')}" ;;`,
      `    "${spec.name} "*) next="${options.join(' ')}" ;;`,
    ]
  })
  return `# eval "$(npm run -s local -- completion bash)"
${FUNCTION}() { npm --prefix ${quote(REPOSITORY)} run -s local -- "$@"; }
_${FUNCTION}() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} next='' first=''
  [ "$COMP_CWORD" -gt 2 ] && first=\${COMP_WORDS[2]}
  if [ "$COMP_CWORD" = 1 ]; then next="${COMMANDS.map(({ name }) => name).join(' ')} --help"
  elif [ "$previous" = --level ]; then next="${LEVELS.join(' ')}"
  else
    case "\${COMP_WORDS[1]} $first" in
${cases.join('\n')}
    esac
  fi
  COMPREPLY=($(compgen -W "$next" -- "$current"))
  case "\${COMPREPLY[0]}" in *=) compopt -o nospace 2>/dev/null ;; esac
}
complete -F _${FUNCTION} ${FUNCTION}`
}

function zsh(): string {
  const commands = COMMANDS.map(({ name, summary }) => quote(`${name}:${summary}`)).join(' ')
  const cases = COMMANDS.flatMap((spec) => {
    const { first, options, rest } = words(spec)
    return [
      ...[...rest].map(([name, next]) => `    "${spec.name} ${name}") compadd -S '' -- ${next.join(' ')} ;;`),
      `    "${spec.name} ") compadd -- ${[...first, ...options].join(' ')} ;;`,
      `    *) compadd -- ${options.join(' ')} ;;`,
    ].slice(0, -1)
  })
  return `# eval "$(npm run -s local -- completion zsh)", after compinit
${FUNCTION}() { npm --prefix ${quote(REPOSITORY)} run -s local -- "$@" }
_${FUNCTION}() {
  local first=''
  (( CURRENT > 3 )) && first=$words[3]
  if (( CURRENT == 2 )); then
    local -a commands=(${commands})
    _describe command commands
    return
  fi
  if [[ $words[CURRENT-1] == --level ]]; then compadd -- ${LEVELS.join(' ')}; return; fi
  case "$words[2] $first" in
${cases.join('\n')}
    *) compadd -- --json --help ;;
  esac
}
compdef _${FUNCTION} ${FUNCTION}`
}

function fish(): string {
  const after = (...seen: string[]) =>
    `-n '__fish_seen_subcommand_from ${seen.join('; and __fish_seen_subcommand_from ')}'`
  const lines = COMMANDS.flatMap((spec) => {
    const { first, options, rest } = words(spec)
    return [
      `complete -c ${FUNCTION} -n __fish_use_subcommand -a ${spec.name} -d ${quote(spec.summary)}`,
      ...(first.length > 0
        ? [`complete -c ${FUNCTION} ${after(spec.name)} -a ${quote(first.join(' '))}`]
        : []),
      ...[...rest].map(
        ([name, next]) => `complete -c ${FUNCTION} ${after(spec.name, name)} -a ${quote(next.join(' '))}`,
      ),
      ...options.map((option) => `complete -c ${FUNCTION} ${after(spec.name)} -l ${option.slice(2)}`),
    ]
  })
  return `# npm run -s local -- completion fish | source
function ${FUNCTION}; npm --prefix ${quote(REPOSITORY)} run -s local -- $argv; end
complete -c ${FUNCTION} -f
${lines.join('\n')}`
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
