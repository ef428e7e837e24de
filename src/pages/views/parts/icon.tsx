/**
 * The few pictograms the pages use, drawn on a 24-unit grid in the colour of the text around them. Always decorative.
 */

const paths = {
  check: 'M20 6.5 9.5 17 4 11.5',
  info: 'M12 11v6M12 7.2v.1M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0Z',
  warning: 'M12 9v5M12 17.2v.1M10.3 4.2 2.6 17.5A2 2 0 0 0 4.3 20.5h15.4a2 2 0 0 0 1.7-3L13.7 4.2a2 2 0 0 0-3.4 0Z',
  back: 'M19 12H5M11 6l-6 6 6 6',
  shield: 'M12 3 5 5.8v5.7c0 4.3 2.9 7.7 7 9.5 4.1-1.8 7-5.2 7-9.5V5.8L12 3ZM9 12l2.2 2.2L15.2 10',
  copy: 'M9 9h10v11H9zM15 9V4H5v11h4',
  download: 'M12 4v11M7 11l5 5 5-5M5 20h14',
  print: 'M7 9V4h10v5M7 17H4V9h16v8h-3M7 14h10v6H7z',
  phone: 'M8 3h8a1.5 1.5 0 0 1 1.5 1.5v15A1.5 1.5 0 0 1 16 21H8a1.5 1.5 0 0 1-1.5-1.5v-15A1.5 1.5 0 0 1 8 3ZM11 18h2',
  lock: 'M6 11h12v9H6zM8.5 11V7.5a3.5 3.5 0 0 1 7 0V11M12 15v1.5',
  mail: 'M4 6h16v12H4zM4 7.5l8 5.5 8-5.5',
  key: 'M14.5 14a5 5 0 1 0-4.8-3.7L4 16v4h4v-2.5h2.5V15h2l.6-.6c.5.2 1 .3 1.4-.4ZM16 8.2v.1',
  building: 'M5 20V4h9v16M14 9h5v11M3.5 20h17M8 8h3M8 12h3M8 16h3',
  globe: 'M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0ZM3 12h18M12 3c-5 5.5-5 12.5 0 18M12 3c5 5.5 5 12.5 0 18',
  cloud: 'M7 18h10a4 4 0 0 0 .6-7.95A5.5 5.5 0 0 0 7 10.1 4 4 0 0 0 7 18Z',
  people:
    'M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM3 20c0-3.6 2.4-6 6-6s6 2.4 6 6M15.5 4.5a3.5 3.5 0 0 1 0 6.3M17.5 14.6c2.2.9 3.5 2.8 3.5 5.4',
} as const

/** Names a pictogram. */
export type IconName = keyof typeof paths

/** Draws a pictogram; its size comes from the class. */
export function Icon({ name, class: classes }: { readonly name: IconName; readonly class: string }) {
  return (
    <svg class={`shrink-0 ${classes}`} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path
        d={paths[name]}
        fill="none"
        stroke="currentColor"
        stroke-width="1.8"
        stroke-linecap="round"
        stroke-linejoin="round"
      />
    </svg>
  )
}
