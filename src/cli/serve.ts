// Runs the service, as `npm start` does once it has installed and built.

import { type Command, exitCodes } from './command.ts'

export const serveCommand: Command = {
  name: 'serve',
  words: [],
  options: [],
  summary: 'Run the service.',
  about: [
    'The same as npm start, without installing and building first. It goes on until it gets SIGTERM or SIGINT. While there has never been an administrator, it prints the one-time link that creates the first one.',
  ],
  examples: ['countersign serve'],
  run: async (_given, { serve }) => {
    await serve()
    return exitCodes.done
  },
}
