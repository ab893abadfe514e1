/** What of a model's or an output's HTML may enter the page: text, its structure, and images that are data. */

import type { IRenderMime } from '@jupyterlab/rendermime';

/** Elements that stay; any other is replaced by what is in it. */
const KEPT = new Set(
  (
    'a b blockquote br caption code dd del details div dl dt em h1 h2 h3 h4 h5 h6 hr i img input ins kbd li mark ol ' +
    'p pre s samp small span strong sub summary sup table tbody td tfoot th thead tr u ul var'
  ).split(' ')
);

/** Elements that go with all that is in them. */
const DROPPED =
  'script, style, template, noscript, noembed, noframes, iframe, frame, frameset, object, embed, applet, portal, ' +
  'svg, math, canvas, video, audio, source, track, picture > source, link, meta, base, title, head, form, button, ' +
  'select, textarea, dialog, map, area, xmp, plaintext, [hidden]';

/** Attributes that stay, with the values that they may have. */
const ATTRIBUTES: Record<string, Record<string, RegExp>> = {
  a: { href: /^(?:https?:\/\/|mailto:)/i },
  code: { class: /^language-[\w+#.-]+$/ },
  details: { open: /^/ },
  img: {
    src: /^data:image\/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]*$/i,
    alt: /^/,
    width: /^\d{1,5}$/,
    height: /^\d{1,5}$/
  },
  ol: { start: /^\d{1,9}$/ },
  // the highlighter's and the terminal colours' classes
  span: { class: /^(?:(?:ͼ[\w]+|tok-[\w-]+|cm-[\w-]+|ansi-[\w-]+)(?:\s+|$))+$/ },
  td: { align: /^(?:left|right|center)$/i, colspan: /^\d{1,3}$/, rowspan: /^\d{1,3}$/ },
  th: { align: /^(?:left|right|center)$/i, colspan: /^\d{1,3}$/, rowspan: /^\d{1,3}$/ }
};

/** Colours of a terminal, as rendermime writes them; no other style is let through, and only there. */
const COLOURS = /^(?:(?:background-)?color:\s*rgb\(\d{1,3},\s*\d{1,3},\s*\d{1,3}\);?\s*)+$/;

/** Runs Lab's sanitizer and then a stricter one of our own. */
export class UntrustedSanitizer implements IRenderMime.ISanitizer {
  constructor(private readonly _lab: IRenderMime.ISanitizer) {}

  readonly allowNamedProperties = false;
  readonly allowCommandLinker = false;

  getAutolink(): boolean {
    return true;
  }

  sanitize(dirty: string, options?: IRenderMime.ISanitizerOptions): string {
    const terminal = options?.allowedTags?.join() === 'span';
    const parsed = new DOMParser().parseFromString(
      this._lab.sanitize(dirty, options),
      'text/html'
    );
    clean(parsed.body, terminal);
    return parsed.body.innerHTML;
  }
}

function clean(body: HTMLElement, terminal: boolean): void {
  body.querySelectorAll(DROPPED).forEach(element => element.remove());
  for (const element of Array.from(body.querySelectorAll('*'))) {
    if (isInvisible(element)) {
      element.remove();
    }
  }
  for (const element of Array.from(body.querySelectorAll('*'))) {
    const tag = element.localName;
    if (!KEPT.has(tag) || element.namespaceURI !== 'http://www.w3.org/1999/xhtml') {
      element.replaceWith(...element.childNodes);
    } else if (tag === 'img') {
      image(element);
    } else if (tag === 'input') {
      checkbox(element);
    } else {
      attributes(element, terminal);
      if (tag === 'a') {
        harden(element);
      }
    }
  }
  const comments = body.ownerDocument.createNodeIterator(body, NodeFilter.SHOW_COMMENT);
  for (let node = comments.nextNode(); node; node = comments.nextNode()) {
    (node as Comment).remove();
  }
}

/** What a page hides (xarray's rich view, shown only with its style sheet) is not for reading. */
function isInvisible(element: Element): boolean {
  return /display\s*:\s*none/i.test(element.getAttribute('style') ?? '');
}

function attributes(element: Element, terminal: boolean): void {
  const allowed = ATTRIBUTES[element.localName] ?? {};
  for (const { name, value } of Array.from(element.attributes)) {
    const colour = terminal && name === 'style' && COLOURS.test(value);
    if (!colour && !(Object.hasOwn(allowed, name) && allowed[name].test(value.trim()))) {
      element.removeAttribute(name);
    }
  }
}

/** An image that is no data becomes a link to it: nothing is fetched unasked. */
function image(element: Element): void {
  const source = element.getAttribute('src') ?? '';
  const text = element.getAttribute('alt') ?? '';
  attributes(element, false);
  if (element.hasAttribute('src')) {
    return;
  }
  const link = element.ownerDocument.createElement('a');
  link.textContent = text || source || 'image';
  if (ATTRIBUTES.a.href.test(source)) {
    link.setAttribute('href', source);
    harden(link);
  }
  element.replaceWith(link);
}

/** Of all inputs only the boxes of task lists are Markdown's. */
function checkbox(element: Element): void {
  if (element.getAttribute('type') !== 'checkbox') {
    element.remove();
    return;
  }
  const checked = element.hasAttribute('checked');
  for (const name of element.getAttributeNames()) {
    element.removeAttribute(name);
  }
  element.setAttribute('type', 'checkbox');
  element.setAttribute('disabled', '');
  element.toggleAttribute('checked', checked);
}

/** Let a link open only a window of its own that knows nothing of this one; show where it leads. */
export function harden(link: Element): void {
  const href = link.getAttribute('href');
  if (href !== null && ATTRIBUTES.a.href.test(href.trim())) {
    link.setAttribute('target', '_blank');
    link.setAttribute('rel', 'noopener noreferrer');
    link.setAttribute('title', href);
  } else {
    link.removeAttribute('href');
    link.removeAttribute('target');
  }
}
