/** What a run did, for the node exporter's textfile collector: prometheus/node_exporter, collector/textfile.go. */

export interface RunMetrics {
  /** Seconds since the epoch. */
  readonly endedAt: number
  readonly seconds: number
  readonly succeeded: boolean
  readonly files: number
  readonly filesRead: number
  readonly bytesRead: number
  readonly unreadable: number
  readonly incidents: number
  readonly newIncidents: number
  readonly unexplained: number
  readonly hookFailures: number
}

const HELP: readonly (readonly [keyof RunMetrics, string, string])[] = [
  ['endedAt', 'faultline_nightly_last_run_timestamp_seconds', 'When the last run ended.'],
  ['seconds', 'faultline_nightly_last_run_duration_seconds', 'How long the last run took.'],
  ['succeeded', 'faultline_nightly_last_run_success', 'Whether the last run came to its end: 1 or 0.'],
  ['files', 'faultline_nightly_inputs', 'Files in the archive.'],
  ['filesRead', 'faultline_nightly_last_run_inputs_read', 'Files that the last run read, because they were new or had grown.'],
  ['bytesRead', 'faultline_nightly_last_run_bytes_read', 'Bytes that the last run read, compressions taken off.'],
  ['unreadable', 'faultline_nightly_failures', 'Files that cannot be read.'],
  ['incidents', 'faultline_nightly_incidents', 'Incidents known.'],
  ['newIncidents', 'faultline_nightly_last_run_new_incidents', 'Incidents that the last run found for the first time.'],
  ['unexplained', 'faultline_nightly_unexplained_failures', 'Failures that people felt and that no incident tells of.'],
  ['hookFailures', 'faultline_nightly_last_run_hook_failures', 'Hooks of the last run that failed; they are tried again.'],
]

export const renderMetrics = (run: RunMetrics): string =>
  HELP.map(([key, name, help]) => `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${name} ${Number(run[key])}\n`).join('')
