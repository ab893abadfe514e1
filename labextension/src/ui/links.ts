/** The last word on links: whatever wrote one, a click on it opens the web or nothing. */

const WEB = /^(?:https?:|mailto:)/i;

/** Guard a panel's node: clicks on links that did not come from us open a separate window or nothing. */
export function guardLinks(node: HTMLElement): void {
  const guard = (event: MouseEvent): void => {
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    if (!link) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    const href = link.getAttribute('href') ?? link.getAttribute('xlink:href') ?? '';
    if (WEB.test(href.trim()) && event.button < 2) {
      window.open(href.trim(), '_blank', 'noopener,noreferrer');
    }
  };
  node.addEventListener('click', guard, true);
  node.addEventListener('auxclick', guard, true);
}
