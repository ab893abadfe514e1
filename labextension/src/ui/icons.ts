/** The panel's own icons. */

import { LabIcon } from '@jupyterlab/ui-components';

const svg = (inner: string): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">${inner}</svg>`;

const lines = (path: string, width = 2): string =>
  `<g fill="none" stroke-width="${width}" stroke-linecap="round" stroke-linejoin="round">` +
  `<path class="jp-icon3" stroke="#616161" d="${path}"/></g>`;

/** A speech bubble with a curve in it. */
export const frevaIcon = new LabIcon({
  name: 'frevagpt:panel',
  svgstr: svg(
    lines(
      'M5 3.5h14a2 2 0 0 1 2 2v9.5a2 2 0 0 1-2 2h-7.5L7 21v-4H5a2 2 0 0 1-2-2V5.500a2 2 0 0 1 2-2z' +
        'M6.500 12.500c2 0 2-5 4-5s2 4.500 3.800 4.500 1.700-3 3.200-3'
    )
  )
});

/** An arrow that goes up. */
export const sendIcon = new LabIcon({
  name: 'frevagpt:send',
  svgstr: svg(lines('M12 19.500V5M5.500 11.500L12 5l6.500 6.500', 2.6))
});

/** Two arrowheads that point on: once more, all of it. */
export const againIcon = new LabIcon({
  name: 'frevagpt:again',
  svgstr: svg(lines('M4 6l7.500 6L4 18zM12.500 6l7.500 6-7.500 6z'))
});

/** An arrow into a box: this instead of what is there. */
export const replaceIcon = new LabIcon({
  name: 'frevagpt:replace',
  svgstr: svg(lines('M4 20h16M4 4h16v9M12 4v9.5M8 10l4 4 4-4M4 4v9'))
});

/** A clock whose hand went back. */
export const historyIcon = new LabIcon({
  name: 'frevagpt:history',
  svgstr: svg(lines('M4 5v4.500h4.500M4.300 9.500A8.200 8.200 0 1 1 3.800 13M12 8v4.500l3 1.800'))
});
