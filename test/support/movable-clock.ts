/**
 * Loaded into the service before it starts, by tests about what happens later: its clock runs on as the machine's does,
 * and is put forward by a message from the test. The service itself knows nothing of it.
 */
const machineNow = Date.now
let ahead = 0

Date.now = () => machineNow() + ahead

process.on('message', (milliseconds: number) => {
  ahead += milliseconds
  process.send?.('done')
})
// Waiting for messages must not keep a service alive that wants to end.
process.channel?.unref()
