// Revoking somebody else's personal access token, behind a page that says what it means.

import { listAccessTokens } from '../../access-tokens/access-tokens.ts'
import type { Door } from '../../http/door.ts'
import { readForm } from '../../http/form.ts'
import { Refusal } from '../../refusal.ts'
import { revokeAccessTokenOf } from '../../sign-in/access-tokens.ts'
import { frameOf, type PageParts, page } from '../page-parts.ts'
import { ConfirmActView } from '../views/admin/confirm-act.tsx'
import { mustFindToManage } from './manage-user.tsx'
import { mustFind } from './user.tsx'

/** Declares the page that asks, and the act behind it. */
export function userTokenPages(door: Door, parts: PageParts): void {
  const { machine } = parts
  const path = '/admin/users/:id/revoke-token'

  door.permitted('users.manage', 'get', path, async (c, standing) => {
    const user = await mustFindToManage(c, parts, standing)
    const tokens = await listAccessTokens(machine.db, user.id)
    const token = tokens.find(({ id }) => id === c.req.query('token'))
    if (!token) throw new Refusal('not-found')
    const frame = frameOf(c, parts, standing.account)
    const title = frame.t('adminUser.revokeToken')
    const view = (
      <ConfirmActView
        frame={frame}
        user={user}
        title={title}
        points={[frame.t('revokeToken.which', { name: token.name }), frame.t('revokeToken.mail')]}
        button={title}
        act="revoke-token"
      >
        <input type="hidden" name="token" value={token.id} />
      </ConfirmActView>
    )
    return page(c, view)
  })

  door.permitted('users.manage', 'post', path, async (c, standing) => {
    const form = await readForm(c)
    const { id } = await mustFind(c, machine)
    const tokenId = form.text('token')
    await revokeAccessTokenOf(machine, standing, { userId: id, tokenId, caller: c.get('caller') })
    return c.redirect(`/admin/users/${id}?notice=token-revoked`, 303)
  })
}
