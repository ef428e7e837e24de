// Every command there is, in the order in which help lists them.

import { auditCommands } from './audit.ts'
import { backupCommands } from './backup.ts'
import type { Command } from './command.ts'
import { copyDatabaseCommand } from './copy-database.ts'
import { doctor } from './doctor/doctor.ts'
import { helpCommand } from './help.ts'
import { rotateKey } from './rotate-key.ts'
import { serveCommand } from './serve.ts'
import { signOutEveryoneCommand } from './sign-out-everyone.ts'
import { userCommands } from './user.ts'

export const commands: readonly Command[] = [
  serveCommand,
  ...userCommands,
  ...auditCommands,
  rotateKey,
  signOutEveryoneCommand,
  ...backupCommands,
  copyDatabaseCommand,
  doctor,
  helpCommand(() => commands),
]
