/**
 * The HTML document around every page. No inline script and no inline style ever (the content security policy forbids
 * both), and one `h1` a page, which the layouts set.
 */
import { html } from 'hono/html'
import type { Child } from 'hono/jsx'
import type { Frame } from './frame.ts'

/** What every layout gets: the frame, the page's title, whether the page shows a problem, and its content. */
export interface LayoutProps {
  readonly frame: Frame
  readonly title: string
  /** Puts "Problem" into the document's title, which is the first thing a screen reader says after a failed form. */
  readonly hasProblem?: boolean | undefined
  /** Where the browser goes on to by itself, at once. */
  readonly goesOnTo?: string | undefined
  readonly children?: Child
}

/** Writes the whole document with its doctype; `children` is the body's content, a `main` with id `content` included. */
export function Document({ frame, title, hasProblem, goesOnTo, children }: LayoutProps) {
  const { t, serviceName, theme, assets } = frame
  const page = `${title} – ${serviceName}`
  return html`<!doctype html>${(
    <html lang={frame.locale} dir={frame.dir} data-theme={theme === 'system' ? undefined : theme}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        {goesOnTo !== undefined && <meta http-equiv="refresh" content={`0;url=${goesOnTo}`} />}
        <meta name="color-scheme" content={theme === 'system' ? 'light dark' : theme} />
        <title>{hasProblem ? t('page.titleWithProblem', { title: page }) : page}</title>
        <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href={assets.style} />
        {frame.brand?.style !== undefined && <link rel="stylesheet" href={frame.brand.style} />}
        <script type="module" src={assets.script} />
      </head>
      <body class="flex min-h-dvh flex-col">
        <a href="#content" class="skip-link">
          {t('page.skipToContent')}
        </a>
        {children}
      </body>
    </html>
  )}`
}
