// Testing the connection to a provider. The report is the answer to the form itself: it is about this moment, and not kept.

import type { Door } from '../../http/door.ts'
import { readForm } from '../../http/form.ts'
import { testIdentityProvider } from '../../sign-in/test-identity-provider.ts'
import { frameOf, type PageParts, page } from '../page-parts.ts'
import { stepUp } from '../passage.ts'
import { ConnectionReportView } from '../views/identity-providers/connection-report.tsx'
import { hasProved, list, mustFindOidcProvider, one, redirectUriOf } from './found.ts'

/** Declares the test. */
export function testConnectionPage(door: Door, parts: PageParts): void {
  door.permitted('identity-providers.manage', 'post', `${one}/test`, async (c, standing) => {
    await readForm(c)
    const { id } = await mustFindOidcProvider(c, parts)
    if (!hasProved(standing)) return stepUp(c, parts, standing, `${list}/${id}`)
    const callback = redirectUriOf(parts.settings, id)
    const of = { providerId: id, callback, caller: c.get('caller') }
    const { provider, findings, passed } = await testIdentityProvider(parts.machine, standing, of)
    const frame = frameOf(c, parts, standing.account)
    const order = ['bad', 'note', 'good']
    const told = [...findings]
      .sort((a, b) => order.indexOf(a.is) - order.indexOf(b.is))
      .map(({ is, what, detail }) => ({ is, text: frame.t(`connectionCheck.${what}`, { detail }) }))
    const shown = { id, name: provider.name, isOn: provider.enabledAt !== null }
    return page(c, <ConnectionReportView frame={frame} provider={shown} passed={passed} findings={told} />)
  })
}
