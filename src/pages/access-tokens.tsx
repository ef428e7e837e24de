// A person's own personal access tokens: the list, making one, revoking one. The acts are in `sign-in/access-tokens.ts`.

import { type AccessToken, listAccessTokens, longestTokenLife, usualTokenLife } from '../access-tokens/access-tokens.ts'
import { isScope, type Scope, scopesFor } from '../access-tokens/scopes.ts'
import type { Door, DoorContext } from '../http/door.ts'
import { readForm } from '../http/form.ts'
import { Refusal } from '../refusal.ts'
import { createOwnAccessToken, revokeOwnAccessToken } from '../sign-in/access-tokens.ts'
import type { Standing } from '../sign-in/standing.ts'
import { days, type Instant } from '../time.ts'
import { parseName } from '../users/names.ts'
import { frameOf, type PageParts, page } from './page-parts.ts'
import { AccessTokensView, type ShownAccessToken } from './views/access-tokens/access-tokens.tsx'
import { AccessTokenMadeView } from './views/access-tokens/made.tsx'
import { type NewAccessTokenValues, NewAccessTokenView } from './views/access-tokens/new.tsx'
import type { Notice, Problems } from './views/parts/frame.ts'

const path = '/my-profile/tokens'

/** The lives that the page offers, in days. */
const lives = [7, 30, usualTokenLife / days(1), longestTokenLife / days(1)]

/** Declares the pages. */
export function accessTokenPages(door: Door, parts: PageParts): void {
  const { machine } = parts

  door.signedIn('get', path, async (c, { account }) => {
    const frame = frameOf(c, parts, account)
    const notice: Notice | undefined =
      c.req.query('notice') === 'revoked'
        ? { kind: 'success', text: frame.t('accessTokens.notice.revoked') }
        : undefined
    const tokens = await listAccessTokens(machine.db, account.user.id)
    return page(c, <AccessTokensView frame={frame} tokens={shownAt(tokens, machine.clock())} notice={notice} />)
  })

  door.signedIn('get', `${path}/new`, (c, standing) => {
    if (standing.sensitiveStep.at !== 'done') throw new Refusal('step-up-needed')
    return showForm(c, parts, standing, { name: '', days: String(usualTokenLife / days(1)), scopes: [] })
  })

  door.signedIn('post', `${path}/new`, async (c, standing) => {
    const form = await readForm(c)
    const { t } = frameOf(c, parts, standing.account)
    const values = { name: form.text('name'), days: form.text('days'), scopes: form.all('scope') }
    const name = parseName(values.name)
    const life = lives.find((known) => String(known) === values.days)
    const scopes = scopesFor(standing.account.user.role).filter((scope) => values.scopes.includes(scope))
    const readable = scopes.length > 0 && scopes.length === new Set(values.scopes).size
    if (name === null || life === undefined || !readable) {
      return showForm(c, parts, standing, values, {
        name: name === null ? t('problem.authenticatorName') : undefined,
        days: life === undefined ? t('problem.choice') : undefined,
        scope: readable ? undefined : t('problem.scopes'),
      })
    }
    const made = await createOwnAccessToken(machine, standing, { name, scopes, life: days(life) }, c.get('caller'))
    const frame = frameOf(c, parts, standing.account)
    return page(c, <AccessTokenMadeView frame={frame} name={name} token={made.token} expiresAt={made.expiresAt} />)
  })

  door.signedIn('post', `${path}/revoke`, async (c, standing) => {
    const form = await readForm(c)
    await revokeOwnAccessToken(machine, standing, form.text('token'), c.get('caller'))
    return c.redirect(`${path}?notice=revoked`, 303)
  })
}

/** Tells what pages show of tokens. */
export function shownAt(tokens: readonly AccessToken[], now: Instant): ShownAccessToken[] {
  return tokens.map((token) => ({ ...token, expired: token.expiresAt <= now }))
}

function showForm(
  c: DoorContext,
  parts: PageParts,
  { account }: Standing,
  values: Omit<NewAccessTokenValues, 'scopes'> & { scopes: readonly string[] },
  problems?: Problems<'name' | 'days' | 'scope'>,
): Promise<Response> {
  const chosen: readonly Scope[] = values.scopes.filter(isScope)
  const view = (
    <NewAccessTokenView
      frame={frameOf(c, parts, account)}
      values={{ ...values, scopes: chosen }}
      scopes={scopesFor(account.user.role)}
      lives={lives}
      problems={problems}
    />
  )
  return page(c, view, problems ? 422 : 200)
}
