/** The reference page of the settings, made from the table in `src/config.ts`. */
import { type SettingName, settings } from '../../src/config.ts'

/** Which settings belong together on the page; the type makes sure that none is left out. */
const groups: Record<SettingName, string> = {
  PORT: 'Address',
  COUNTERSIGN_HOST: 'Address',
  COUNTERSIGN_URL: 'Address',
  COUNTERSIGN_TRUSTED_PROXIES: 'Address',
  COUNTERSIGN_NAME: 'Address',
  COUNTERSIGN_DATA: 'Data',
  DATABASE_URL: 'Data',
  COUNTERSIGN_DATABASE_CONNECTIONS: 'Data',
  COUNTERSIGN_SECRET_KEY: 'Data',
  COUNTERSIGN_NEW_SECRET_KEY: 'Data',
  SMTP_URL: 'Mail',
  COUNTERSIGN_MAIL_FROM: 'Mail',
  COUNTERSIGN_ADMIN_EMAIL: 'First administrator',
  COUNTERSIGN_ADMIN_PASSWORD: 'First administrator',
  COUNTERSIGN_ALLOW_PRIVATE_PROVIDERS: 'Single sign-on',
  COUNTERSIGN_SESSION_IDLE: 'Sessions',
  COUNTERSIGN_SESSION_OVERALL: 'Sessions',
  COUNTERSIGN_METRICS_TOKEN: 'Monitoring',
  COUNTERSIGN_LOG_LEVEL: 'Log',
}

const opening = `# Settings

Settings are environment variables, read once at start. Every one of them may also come from a file: set the same name
with \`_FILE\` at its end to the path of a file that holds the value, such as \`COUNTERSIGN_SECRET_KEY_FILE\`. Setting both is
a fault. White space around a value is dropped, and an empty value counts as none.

All faults are reported together, one sentence each, and nothing starts while there is one. A variable that begins with
\`COUNTERSIGN_\` and is not a setting is named in a warning in the log.

A secret setting holds something that opens a door: keep it out of unit files and shell histories, and prefer its \`_FILE\`.
`

/** Writes the page. */
export function settingsPage(): string {
  const sections = [...new Set(Object.values(groups))].map((group) => {
    const rows = Object.entries(settings)
      .filter(([name]) => groups[name as SettingName] === group)
      .map(([name, setting]) => {
        const standard = setting.default === null ? 'none' : `\`${setting.default}\``
        return `| \`${name}\` | ${standard} | ${'secret' in setting ? 'yes' : ''} | ${setting.meaning} |`
      })
    return `## ${group}\n\n| Setting | Default | Secret | Meaning |\n|---|---|---|---|\n${rows.join('\n')}\n`
  })
  return [opening, ...sections].join('\n')
}
