/** The last word on links: whatever wrote one, a click on it opens the web or nothing. */

import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

const WEB = /^(?:https?:|mailto:)/i;

/** How long a link's query may be, in characters, to be opened without a question: it may carry data away. */
const LONGEST = 100;

/** Guard a panel's node: clicks on links that did not come from us open a separate window or nothing. */
export function guardLinks(node: HTMLElement, trans: TranslationBundle): void {
  const guard = (event: MouseEvent): void => {
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    if (!link) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    const href = (link.getAttribute('href') ?? link.getAttribute('xlink:href') ?? '').trim();
    if (WEB.test(href) && event.button < 2) {
      follow(href, trans).catch(console.error);
    }
  };
  node.addEventListener('click', guard, true);
  node.addEventListener('auxclick', guard, true);
}

async function follow(href: string, trans: TranslationBundle): Promise<void> {
  if (!URL.canParse(href)) {
    return;
  }
  const url = new URL(href);
  const length = Math.max(url.search.length, url.hash.length) - 1;
  if (length > LONGEST && !(await confirmed(url, length, trans))) {
    return;
  }
  window.open(href, '_blank', 'noopener,noreferrer');
}

async function confirmed(url: URL, length: number, trans: TranslationBundle): Promise<boolean> {
  const answer = await showDialog({
    title: trans.__('Open this link?'),
    body: trans.__(
      'It sends %1 characters along to %2. If you do not know what they say, do not open it: they may hold your data.',
      length,
      url.host || url.pathname
    ),
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      Dialog.warnButton({ label: trans.__('Open') })
    ],
    defaultButton: 0
  });
  return answer.button.accept;
}
