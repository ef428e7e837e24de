/**
 * The reference page of the routes, made from what the built service says it has. What each is for is written here; a route
 * without words, and words without a route, are faults.
 */
export interface Route {
  method: string
  path: string
  access: string
  /** On routes for programs: the scope that a token needs, or null where none is let in. */
  scope?: string | null
}

const ownPurposes: Record<string, string> = {
  'GET /assets/:file': 'Style sheet and script, compressed ahead of time.',
  'GET /favicon.svg': 'The icon.',
  'GET /favicon.ico': 'Leads to the icon.',
  'GET /': 'Leads to the profile.',
  'GET /sign-in': 'The form for email and password. `next` names a path of ours to go to afterwards.',
  'POST /sign-in': 'Begins a sign-in.',
  'POST /sign-out': 'Ends the session, or the sign-in in progress, of this browser.',
  'GET /sign-in/password': 'Step-up of an account without 2FA: the password once more.',
  'POST /sign-in/password': 'Proves the password.',
  'GET /sign-in/verification-code': 'Asks for a code of the authenticator app, in a sign-in or a step-up.',
  'POST /sign-in/verification-code': 'Proves the code.',
  'GET /sign-in/recovery-code': 'Asks for a recovery code instead.',
  'POST /sign-in/recovery-code': 'Proves and spends the recovery code.',
  'GET /sign-in/recovery-code-used': 'Tells how many recovery codes are left.',
  'GET /sign-in/set-up-link': 'Says that a reset of 2FA waits for the set-up link.',
  'GET /sign-in/with/:provider': 'A page with one button, for a direct link to an identity provider.',
  'POST /sign-in/with/:provider': 'Begins a round trip to the provider, and shows the page that leads there.',
  'POST /sign-in/with/:provider/step-up': 'The same, to confirm the session that came by this provider.',
  'GET /sign-in/with/:provider/callback':
    'Where the provider sends the browser back to: signs in, confirms or links, or says why not.',
  'GET /sign-in/with/:provider/metadata': 'What a SAML provider needs to know of this service. It is no secret.',
  'POST /sign-in/with/:provider/acs':
    'Where a SAML provider has the browser send its response: shows a page that sends it on from here. The only form that other sites may send; it does nothing else.',
  'POST /sign-in/with/:provider/response':
    'Takes the response of a SAML provider: signs in, confirms or links, or says why not.',
  'GET /set-up-mfa-link': 'Where a set-up link leads after a reset of 2FA. Looking uses nothing up.',
  'POST /set-up-mfa-link': 'Joins the link to a sign-in with the right password, once.',
  'GET /set-up-mfa': 'Shows a new secret. `replace=yes` replaces the authenticator of an account that has one.',
  'POST /set-up-mfa': 'Confirms the secret with a code, and shows ten recovery codes.',
  'GET /recovery-codes': 'Offers a new set of recovery codes, and says why one is owed.',
  'POST /recovery-codes': 'Makes the new set and shows it.',
  'POST /recovery-codes/saved': 'Makes the set count.',
  'POST /recovery-codes/download': 'Sends the codes back as a text file. Nothing readable is kept on the server.',
  'GET /my-profile': 'The profile.',
  'GET /my-profile/settings': 'Security and preferences.',
  'POST /my-profile/settings': 'Saves language and theme.',
  'GET /my-profile/settings/rename-authenticator': 'Asks for a new name. Needs a fresh proof.',
  'POST /my-profile/settings/rename-authenticator': 'Renames. Needs a fresh proof.',
  'GET /my-profile/settings/disable-2fa': 'Asks whether 2FA is to be turned off. Needs a fresh proof.',
  'POST /my-profile/settings/disable-2fa': 'Turns 2FA off; refused while it is enforced. Needs a fresh proof.',
  'POST /my-profile/settings/link/:provider': 'Begins a round trip to link an identity. Needs a fresh proof.',
  'POST /my-profile/settings/unlink':
    'Unlinks an identity, and ends what came by it; refused for the last way in. Needs a fresh proof.',
  'GET /my-profile/settings/change-password': 'Asks for the old password and a new one. Needs a fresh proof.',
  'POST /my-profile/settings/change-password':
    'Changes the password, and signs out everywhere else. Needs a fresh proof.',
  'GET /my-profile/settings/change-email': 'Asks for another address. Needs a fresh proof.',
  'POST /my-profile/settings/change-email':
    'Mails a link to the new address, and word of it to the old one. Needs a fresh proof.',
  'GET /confirm-email':
    'Asks whoever is signed in to that account to confirm the new address. Looking uses nothing up.',
  'POST /confirm-email': 'Changes the address, once.',
  'GET /my-profile/sessions': 'Where the person is signed in: device, address, factors, first and last seen.',
  'POST /my-profile/sessions': 'Signs out one session (`session`), or all others (`others=yes`). Needs a fresh proof.',
  'GET /my-profile/tokens': 'The personal access tokens of the person.',
  'GET /my-profile/tokens/new': 'The form for a new token. Needs a fresh proof.',
  'POST /my-profile/tokens/new': 'Makes a token and shows it once. Needs a fresh proof.',
  'POST /my-profile/tokens/revoke': 'Revokes a token.',
  'GET /set-up': 'The form for the first administrator, by the printed link.',
  'POST /set-up': 'Creates the first administrator, once.',
  'GET /accept-invitation': 'The form with which a new user chooses a password. Looking uses nothing up.',
  'POST /accept-invitation': 'Sets the password, once.',
  'GET /forgot-password':
    'The form with which somebody asks for a link to choose a new password; without a mail server, whom to ask.',
  'POST /forgot-password': 'Takes the request. The answer is the same for every address.',
  'GET /reset-password': 'The form for a new password, by the mailed link. Looking uses nothing up.',
  'POST /reset-password': 'Sets the password, once, and leads to sign-in. It makes no session.',
  'GET /admin': 'Leads to the users.',
  'GET /admin/users':
    'Everyone, with the state of their 2FA. `search`, `mfa`, `factor`, `group`, `role`, `state` and `seen` narrow, `after` pages.',
  'POST /admin/users/export': 'The same list, narrowed in the same way, as CSV. Leaves an event.',
  'GET /admin/groups': 'Every group.',
  'POST /admin/groups': 'Creates a group. Needs a fresh proof.',
  'GET /admin/groups/:group': 'Who is in a group.',
  'POST /admin/groups/:group': 'Renames it. Needs a fresh proof.',
  'GET /admin/groups/:group/delete': 'Asks before deleting it. Needs a fresh proof.',
  'POST /admin/groups/:group/delete': 'Deletes it; its members stay. Needs a fresh proof.',
  'POST /admin/groups/:group/add': 'Adds a member by email address. Needs a fresh proof.',
  'POST /admin/groups/:group/remove': 'Takes a member out. Needs a fresh proof.',
  'GET /admin/users/new': 'The form for a new user. Needs a fresh proof.',
  'POST /admin/users/new':
    'Adds a user and mails their one-time link, or shows it where there is no mail server. Needs a fresh proof.',
  'GET /admin/users/:id': 'One user: state, factors, sessions.',
  'GET /admin/users/:id/edit': 'The form for name, role and last day. Needs a fresh proof.',
  'POST /admin/users/:id/edit': 'Saves it. Refused for the last administrator who can sign in. Needs a fresh proof.',
  'GET /admin/users/:id/reset-mfa': 'Asks for the reason of a reset. Needs a fresh proof.',
  'POST /admin/users/:id/reset-mfa': 'Resets MFA and shows the set-up link. Needs a fresh proof.',
  'GET /admin/users/:id/set-up-link': 'Asks before making a new set-up link. Needs a fresh proof.',
  'POST /admin/users/:id/set-up-link': 'Makes one and shows it; only while a reset waits. Needs a fresh proof.',
  'GET /admin/users/:id/deactivate': 'Asks before deactivating. Needs a fresh proof.',
  'POST /admin/users/:id/deactivate': 'Deactivates, and ends everything of that user. Needs a fresh proof.',
  'GET /admin/users/:id/reactivate': 'Asks before reactivating. Needs a fresh proof.',
  'POST /admin/users/:id/reactivate': 'Makes the account active again. Needs a fresh proof.',
  'GET /admin/users/:id/delete': 'Asks for the email address before deleting. Needs a fresh proof.',
  'POST /admin/users/:id/delete': 'Deletes the account. Needs a fresh proof.',
  'GET /admin/users/:id/end-sessions': 'Asks before ending a `session`, or all. Needs a fresh proof.',
  'POST /admin/users/:id/end-sessions': 'Ends it, or all. Needs a fresh proof.',
  'GET /admin/users/:id/revoke-token': 'Asks whether a token of the user is to be revoked. Needs a fresh proof.',
  'POST /admin/users/:id/revoke-token': 'Revokes it. Needs a fresh proof.',
  'GET /admin/settings': 'Enforcement and the help contact.',
  'GET /admin/identity-providers': 'Every identity provider, in the order of the buttons.',
  'GET /admin/identity-providers/new': 'Asks which product it is; with `preset`, the form for it. Needs a fresh proof.',
  'POST /admin/identity-providers/new':
    'Adds it, switched off. With an old proof, the form comes back as it was filled in.',
  'GET /admin/identity-providers/confirm': 'Asks for a fresh proof, for a form that is open in another tab.',
  'GET /admin/identity-providers/:provider': 'How one stands and what is set, but for its secret.',
  'GET /admin/identity-providers/:provider/edit': 'The form to change it. Needs a fresh proof.',
  'POST /admin/identity-providers/:provider/edit':
    'Saves it, unless somebody else was quicker. Another issuer or client switches it off, blanks its secret and ends the sessions that came by it. With an old proof, the form comes back as it was filled in.',
  'POST /admin/identity-providers/:provider/move': 'Moves its button up or down (`direction`). Needs a fresh proof.',
  'POST /admin/identity-providers/:provider/test':
    'Asks the provider, and shows what is right, what is missing and what to change. Needs a fresh proof.',
  'POST /admin/identity-providers/:provider/switch-on':
    'Switches it on, if it was tested as it is set. Needs a fresh proof.',
  'GET /admin/identity-providers/:provider/switch-off':
    'Asks before that, and tells what it ends. Needs a fresh proof.',
  'POST /admin/identity-providers/:provider/switch-off':
    'Switches it off, and ends the sessions that came by it. Needs a fresh proof.',
  'GET /admin/identity-providers/:provider/delete':
    'Asks before deleting it, and tells what it ends. Needs a fresh proof.',
  'POST /admin/identity-providers/:provider/delete':
    'Deletes it with its identities, and ends the sessions that came by it. Needs a fresh proof.',
  'GET /admin/audit':
    'The audit log, newest first. `event`, `actor`, `subject`, `address`, `since` and `until` narrow it, `after` pages.',
  'GET /admin/audit/:event': 'Everything that was recorded about one event.',
  'POST /admin/audit/export': 'Sends the filtered log as CSV or JSON lines. Leaves an event.',
  'POST /admin/settings':
    'Saves the help contact, and switches enforcement off. Switching it on leads to the preview. Needs a fresh proof.',
  'GET /admin/settings/enforce-mfa': 'The preview: what enforcing would do, and to whom.',
  'POST /admin/settings/enforce-mfa':
    'Switches enforcement on, until it is confirmed or 15 minutes are over. Needs a fresh proof.',
  'POST /admin/settings/enforce-mfa/confirm':
    'Confirms it. Needs a session that was signed in after the switch, and a fresh proof.',
  'GET /admin/users/:id/invite-again':
    'Asks whether somebody without a password is to be invited again. Needs a fresh proof.',
  'POST /admin/users/:id/invite-again':
    'Makes a new link and mails it, or shows it where there is no mail server. Needs a fresh proof.',
  'GET /admin/users/:id/revoke-invitation': 'Asks whether an invitation is to be taken back. Needs a fresh proof.',
  'POST /admin/users/:id/revoke-invitation': 'Takes it back. Needs a fresh proof.',
  'GET /admin/outbox': 'The outbox, newest first, without what messages say. `state` narrows it, `after` pages.',
  'POST /admin/outbox/test': 'Sends a test mail to the administrator. Needs a fresh proof.',
  'POST /admin/outbox/retry': 'Tries a message again that was refused or given up. Needs a fresh proof.',
  'GET /brand.css': 'The accent colour as a style sheet, where administrators have set one.',
  'GET /brand-logo': 'The logo, where there is one.',
  'GET /admin/settings/branding': 'The form for name, colour and logo. Needs a fresh proof.',
  'POST /admin/settings/branding': 'Saves them; takes a file, and up to 320 KiB. Needs a fresh proof.',
  'GET /healthz': 'Answers while the process is alive.',
  'GET /readyz': 'Answers 200 while the database can be written to and read, else 503.',
  'GET /metrics': 'The figures of this process, for Prometheus.',
  'GET /api/openapi.json': 'The description of the API.',
}

const opening = `# Routes

Every route of the running service, and who may call it. A route is declared together with its access; an address that no
declaration covers is answered as if nothing were there.

| Access | Who may call |
|---|---|
| \`anyone\` | Everybody. |
| \`monitoring\` | A program that bears the token of \`COUNTERSIGN_METRICS_TOKEN\`; see [the guide](../guides/operators.md#metrics). |
| \`sign-in\` | A browser with a sign-in or a step-up in progress. |
| \`holder\` | A sign-in that owes nothing but enrolment or recovery codes, or a session, also one that owes them. |
| \`signed-in\` | A session that owes nothing. |
| a permission, such as \`users.read\` | Such a session, of somebody whose role grants it; see below. |

Administrators have every permission. Auditors have those that end in \`.read\`. The help desk has \`users.read\`,
\`users.invite\` and \`users.reset-mfa\`, and acts on members only. Members have none.

Routes below \`/api/v1/\` are for programs: see [the guide to the API](../guides/api.md). The column Token names the scope with which
a personal access token is let in; a dash means that none is.

Whoever may not is led to what they owe (pages) or gets a problem as JSON (the API). Every request that changes something must come from a page of
the service itself, unless it bears a token. Forms and JSON are at most 64 KiB. \`HEAD\` is judged like \`GET\` and begins nothing.

The cookies are \`countersign-session\`, \`countersign-sign-in\` and \`countersign-browser\`, on https with \`__Host-\` in front.

`

/** What the operations of the API are for, by method and path: their description says it. */
export function purposesOf(description: Record<string, unknown>): Record<string, string> {
  const paths = description.paths as Record<string, Record<string, { summary: string }>>
  return Object.fromEntries(
    Object.entries(paths).flatMap(([path, operations]) =>
      Object.entries(operations).map(([method, { summary }]) => [
        `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')}`,
        `${summary}.`,
      ]),
    ),
  )
}

/** Writes the page. `described` are the purposes that are written elsewhere. Throws when the words here and the routes of the service do not fit each other. */
export function routesPage(routes: readonly Route[], described: Record<string, string>): string {
  const purposes: Record<string, string> = { ...ownPurposes, ...described }
  const names = routes.map(({ method, path }) => `${method} ${path}`)
  const faults = [
    ...names.filter((name) => !purposes[name]).map((name) => `${name} has no words in scripts/docs/routes.ts`),
    ...Object.keys(purposes)
      .filter((name) => !names.includes(name))
      .map((name) => `${name} is not a route any more`),
  ]
  if (faults.length > 0) throw new Error(faults.join('\n'))
  const rows = routes.map(
    ({ method, path, access, scope }) =>
      `| \`${method}\` | \`${path}\` | \`${access}\` | ${scope ? `\`${scope}\`` : '–'} | ${purposes[`${method} ${path}`]} |`,
  )
  return `${opening}| Method | Path | Access | Token | What it does |\n|---|---|---|---|---|\n${rows.join('\n')}\n`
}
