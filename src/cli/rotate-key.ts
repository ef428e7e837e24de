// The commands that change keys while the service runs: the data key under which secrets are sealed, and the secret key that
// the data keys are wrapped with. Both can be run again after they were broken off.

import { setTimeout as wait } from 'node:timers/promises'
import { keyFilePath, newKeyFilePath } from '../config.ts'
import { masterKeysFrom } from '../open.ts'
import { replaceMasterKey } from '../rotation/replace-master-key.ts'
import { type Rotated, rotate } from '../rotation/rotate.ts'
import { createKeyFile, readKeyFile, removeLeftovers, replaceKeyFile, replaceLostKeyFile } from '../secrets/key-file.ts'
import { openKeyRows } from '../secrets/key-ring.ts'
import { masterKey, parseMasterKey } from '../secrets/master-key.ts'
import { isoTime } from '../time.ts'
import { type Command, exitCodes, Failure, type Surroundings } from './command.ts'
import { changeDatabase, type Opened } from './opening.ts'
import { plain } from './terminal.ts'

export const rotateKey: Command = {
  name: 'rotate-key',
  words: [],
  options: [
    { name: 'master', meaning: 'Replace the secret key itself, which is not in the database, and nothing else.' },
  ],
  summary: 'Seal all secrets under a new key, or replace the secret key, while the service runs.',
  about: [
    'Secrets in the database are sealed under a data key; data keys are in the database as well, wrapped with the secret key. Without an option: makes the next data key, seals everything anew under it, counts, and retires the older one. Running processes take part without a restart. Retired keys are kept: older links of the audit chain are verified with them.',
    'Stopped at any moment, nothing is lost and everything can be read; run it again, and it goes on.',
    'With --master: where the key is a file, makes the new one, wraps the data keys with it, and puts it in the place of the old file, which is kept. Where the key is a setting, COUNTERSIGN_NEW_SECRET_KEY says the new one. Afterwards it says what is left to do.',
    'When the secret key has leaked, run it with --master first, and then without.',
  ],
  examples: ['countersign rotate-key', 'countersign rotate-key --master'],
  run: async (given, surroundings) => {
    const act = given.has('master') ? replaceMaster : rotateDataKey
    return changeDatabase(surroundings, (opened) => act(opened, surroundings))
  },
}

/** Long enough for the service to get its turn on SQLite, where one process writes at a time. */
const pause = 20

async function rotateDataKey({ config, db, keys }: Opened, { clock, terminal }: Surroundings) {
  const rotated = await rotate({
    db,
    keys,
    masterKeys: () => masterKeysFrom(config),
    clock,
    pause: () => wait(pause),
    onProgress: (done, of) => terminal.progress(`Sealed ${done} of ${of} anew …`),
  })
  terminal.progress('')
  if (!rotated)
    throw new Failure(
      'Something goes on to seal under the older key, so it was not retired. Does a process of an older version run? Stop it, and run this again.',
    )
  for (const line of tell(rotated)) terminal.say(line)
  return rotated.unreadable.length === 0 ? exitCodes.done : exitCodes.failed
}

function tell({ newest, isNew, sealed, unreadable }: Rotated): string[] {
  const counts = sealed.map(({ what, count }) => `${count} ${what}`).join(', ')
  return [
    isNew ? `Made data key ${newest}.` : `A rotation had been begun; went on with data key ${newest}.`,
    `Sealed under it: ${counts}. Nothing that can be read is left under an older key.`,
    'Known browsers become known again with the next sign-in. While there is no administrator yet, the next start prints another link.',
    ...(unreadable.length > 0 ? [`No key opens these; they were left as they are:`] : []),
    ...unreadable.map(({ what, id }) => `  - ${what}: ${plain(id)}`),
  ]
}

async function replaceMaster(opened: Opened, surroundings: Surroundings) {
  const { config } = opened
  if (config.newSecretKey !== null) await replaceSetting(opened, config.newSecretKey, surroundings)
  else if (config.secretKey === null) await replaceFile(opened, surroundings)
  else
    throw new Failure(
      'The key is a setting: set COUNTERSIGN_NEW_SECRET_KEY to the new one (openssl rand -base64 32), here and where the service is started.',
    )
  return exitCodes.done
}

async function replaceFile({ config, db }: Opened, { clock, terminal }: Surroundings): Promise<void> {
  const [path, draft] = [keyFilePath(config), newKeyFilePath(config)]
  const keepAs = `${path}.until-${isoTime(clock()).replaceAll(/[:.]/g, '-')}`
  if ((await readKeyFile(path)) === null) {
    // The database opens, so what is there is the key that it was wrapped with.
    await replaceLostKeyFile(path, draft)
    terminal.say(
      `${path} was missing, and ${draft} has the key in use: it has the right name now. No key was replaced.`,
    )
    terminal.say('To replace it, run this again. Backups that were made with an older key need that one.')
    return
  }
  await createKeyFile(draft, path)
  // What counts is what is on the disk.
  const next = masterKey((await readKeyFile(draft)) ?? noKey(draft))
  await replaceMasterKey({ db, masterKeys: () => masterKeysFrom(config), clock }, next)
  const isKept = await replaceKeyFile(path, { by: draft, keepAs })
  await removeLeftovers(draft)
  const { keys } = await openKeyRows(db, async () => [masterKey((await readKeyFile(path)) ?? noKey(path))])
  for (const line of [
    `${many(keys.length)} wrapped with the new secret key in ${path}, and can be read with it.`,
    'Back the new file up, apart from the database. Processes on this machine find it by themselves; other machines need a copy before they start again.',
    isKept
      ? `The old key is in ${keepAs}: backups made until now need it. Keep it with them, and remove it here.`
      : `The old key was kept by another run at the same time, as ${path}.until-…: backups made until now need it.`,
  ])
    terminal.say(line)
}

function noKey(path: string): never {
  throw new Failure(`${path} is not there any more. Nothing is lost; run this again.`)
}

async function replaceSetting({ config, db }: Opened, text: string, { clock, terminal }: Surroundings): Promise<void> {
  const bytes = parseMasterKey(text)
  if (!bytes) throw new Failure('COUNTERSIGN_NEW_SECRET_KEY is not a key.')
  const next = masterKey(bytes)
  const replaced = await replaceMasterKey({ db, masterKeys: () => masterKeysFrom(config), clock }, next)
  const { keys } = await openKeyRows(db, async () => [next])
  for (const line of [
    replaced === null
      ? `${many(keys.length)} wrapped with COUNTERSIGN_NEW_SECRET_KEY already.`
      : `${many(keys.length)} wrapped with COUNTERSIGN_NEW_SECRET_KEY, and can be read with it.`,
    'Now set COUNTERSIGN_SECRET_KEY to it wherever the service and commands are started, remove COUNTERSIGN_NEW_SECRET_KEY, and start each process anew, one after the other. Those that run go on meanwhile.',
    'Do not run rotate-key before every process knows the new key.',
    'Keep the old key with the backups made until now: they need it.',
  ])
    terminal.say(line)
}

function many(keys: number): string {
  return keys === 1 ? 'The data key is' : `All ${keys} data keys are`
}
