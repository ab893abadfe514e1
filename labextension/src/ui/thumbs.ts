/** Icons for opinions and for editing. */

import { LabIcon } from '@jupyterlab/ui-components';

const lines = (path: string): string =>
  '<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">' +
  '<g fill="none" stroke-width="2" stroke-linecap="round" stroke-linejoin="round">' +
  `<path class="jp-icon3" stroke="#616161" d="${path}"/></g></svg>`;

/** A thumb that points up. */
export const thumbUpIcon = new LabIcon({
  name: 'frevagpt:thumb-up',
  svgstr: lines('M3.500 10.500H7.500V20H3.500zM7.500 11l4-7.500c1.700 0 2.700 1.200 2.300 2.900L13 9.500h5.500a2 2 0 0 1 2 2.400l-1.300 6.500a2 2 0 0 1-2 1.600H7.500')
});

/** A thumb that points down. */
export const thumbDownIcon = new LabIcon({
  name: 'frevagpt:thumb-down',
  svgstr: lines('M3.500 13.500H7.500V4H3.500zM7.500 13l4 7.500c1.700 0 2.700-1.200 2.300-2.900L13 14.500h5.500a2 2 0 0 0 2-2.400L19.200 5.600a2 2 0 0 0-2-1.600H7.500')
});

/** A pencil. */
export const pencilIcon = new LabIcon({
  name: 'frevagpt:pencil',
  svgstr: lines('M4 20l1-4.500L16 4.500a2.100 2.100 0 0 1 3 0l.5.500a2.100 2.100 0 0 1 0 3L8.500 19z')
});

/** Three dots above each other. */
export const dotsIcon = new LabIcon({
  name: 'frevagpt:dots',
  svgstr: lines('M12 5v.01M12 12v.01M12 19v.01').replace('stroke-width="2"', 'stroke-width="3.2"')
});
