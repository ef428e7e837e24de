/**
 * Everything the pages do with script. All of it is a convenience: without it every form still works, and controls that
 * need it stay hidden.
 */
import { submitCodesByThemselves } from './code-entry.ts'
import { copyOnClick } from './copy.ts'
import { focusFirstProblem } from './first-problem.ts'
import { sendAtOnce } from './send-at-once.ts'
import { showPasswords } from './show-password.ts'
import { warnOfUnsavedCodes } from './unsaved-codes.ts'

for (const control of document.querySelectorAll<HTMLElement>('[data-needs-script]')) control.hidden = false
for (const button of document.querySelectorAll('[data-print]')) button.addEventListener('click', () => window.print())

copyOnClick(document)
showPasswords(document)
submitCodesByThemselves(document)
warnOfUnsavedCodes(document)
focusFirstProblem(document)
sendAtOnce(document)
