import { Sanitizer } from '@jupyterlab/apputils';
import { describe, expect, it } from 'vitest';

import { withoutDiagrams } from '../../ui/rendermime';
import { UntrustedSanitizer } from '../../ui/sanitizer';

const CANARY = 'http://canary.example/x';
const PNG = 'data:image/png;base64,iVBORw0KGgo=';

const LOUD = [
  `<img src="${CANARY}">`,
  `<img src="//canary.example/x">`,
  `<img src="/user/ada/logout">`,
  `<img src="x" onerror="fetch('${CANARY}')">`,
  `<img src="${PNG}" srcset="${CANARY} 2x">`,
  `<img src="data:image/svg+xml;base64,PHN2Zz4=">`,
  `<img src="data:text/html,x">`,
  `<img src=" data:image/svg+xml,x">`,
  `<picture><source srcset="${CANARY}"><img src="${CANARY}"></picture>`,
  `<video src="${CANARY}" poster="${CANARY}"></video>`,
  `<audio src="${CANARY}" autoplay></audio>`,
  `<div style="background:url(${CANARY})">x</div>`,
  `<p style="list-style-image:url('${CANARY}')">x</p>`,
  `<table background="${CANARY}"><tr><td background="${CANARY}">x</td></tr></table>`,
  `<svg><image href="${CANARY}"/><a xlink:href="javascript:1">x</a></svg>`,
  `<math><mi href="${CANARY}">x</mi></math>`,
  `<iframe src="${CANARY}"></iframe>`,
  `<iframe srcdoc="<script>1</script>"></iframe>`,
  `<object data="${CANARY}"></object><embed src="${CANARY}">`,
  `<link rel="stylesheet" href="${CANARY}">`,
  `<style>@import url(${CANARY});</style>`,
  `<script>fetch('${CANARY}')</script>`,
  `<base href="${CANARY}"><meta http-equiv="refresh" content="0;${CANARY}">`,
  `<form action="${CANARY}"><button formaction="${CANARY}">x</button><input name="a"></form>`,
  `<input type="image" src="${CANARY}"><input autofocus onfocus="x()">`,
  `<a href="x" ping="${CANARY}">x</a>`,
  `<button data-commandlinker-command="frevagpt:stop">x</button>`,
  `<a data-commandlinker-command="frevagpt:stop" data-commandlinker-args="{}">x</a>`,
  `<p id="main" name="x" data-jupyter-id="y" class="jp-Dialog" onclick="x()">x</p>`,
  `<span class="jp-Dialog" style="position:fixed;color:red">x</span>`,
  `<template><img src="${CANARY}"></template><noscript><img src="${CANARY}"></noscript>`,
  `<!--<img src="${CANARY}">-->`,
  `<xmp><img src="${CANARY}"></xmp>`
];

describe('UntrustedSanitizer', () => {
  const labs = new Sanitizer();
  const through = { sanitize: (dirty: string): string => dirty };
  // with Lab's sanitizer in front, and ours alone
  const sanitizers = [new UntrustedSanitizer(labs), new UntrustedSanitizer(through)];

  it.each(LOUD)('lets nothing of %s fetch or run', payload => {
    for (const sanitizer of sanitizers) {
      const body = parsed(sanitizer.sanitize(payload));
      for (const element of body.querySelectorAll('*')) {
        const names = element.getAttributeNames().filter(name => !(element.localName === 'a' && LINK.has(name)));
        if (element.localName === 'img') {
          expect(element.getAttribute('src')).toBe(PNG);
          expect(names).toEqual(['src']);
        } else {
          expect(names).toEqual([]);
        }
      }
      expect(
        body.querySelector('svg, math, iframe, script, style, link, form, input, button, template')
      ).toBeNull();
      expect(body.innerHTML).not.toContain('<!--');
    }
  });

  it.each(['javascript:alert(1)', 'JaVa\tScript:1', 'data:text/html,x', 'file:///etc', '/logout', '#x', 'vbscript:x'])(
    'takes the link away from %j',
    href => {
      for (const sanitizer of sanitizers) {
        const link = parsed(sanitizer.sanitize(`<a href="${href}" title="http://ok">x</a>`));
        expect(link.querySelector('a')?.hasAttribute('href') ?? false).toBe(false);
      }
    }
  );

  it('opens links to the web apart from the page and shows where they lead', () => {
    const body = parsed(sanitizers[0].sanitize('<a href="https://a.org/b" title="bank">x</a>'));
    const link = body.querySelector('a');
    expect(link?.getAttribute('rel')).toBe('noopener noreferrer');
    expect(link?.getAttribute('target')).toBe('_blank');
    expect(link?.getAttribute('title')).toBe('https://a.org/b');
  });

  it('shows a remote image as a link to it', () => {
    const body = parsed(sanitizers[0].sanitize(`<img src="${CANARY}" alt="map">`));
    expect(body.querySelector('img')).toBeNull();
    expect(body.querySelector('a')?.textContent).toBe('map');
    expect(body.querySelector('a')?.getAttribute('href')).toBe(CANARY);
  });

  it('keeps Markdown: data images, tables, task lists, highlighted code', () => {
    const html =
      `<p><img src="${PNG}" alt="a"></p><table><tbody><tr><td align="right">1</td></tr></tbody></table>` +
      '<ul><li><input type="checkbox" disabled="" checked=""> x</li></ul>' +
      '<pre><code class="language-python"><span class="ͼb">for</span></code></pre>';
    expect(sanitizers[1].sanitize(html)).toBe(html);
  });

  it('keeps the colours of a terminal, and only there', () => {
    const html = '<span class="ansi-red-fg" style="color: rgb(1,2,3)">x</span>';
    expect(sanitizers[1].sanitize(html, { allowedTags: ['span'] })).toBe(html);
    expect(sanitizers[1].sanitize(html)).toBe('<span class="ansi-red-fg">x</span>');
  });

  it('leaves out what a page hides, so that xarray shows its text', () => {
    const html =
      '<div><svg style="position:absolute"></svg><style>.x{}</style><pre class="f">text</pre>' +
      '<div class="xr-wrap" style="display:none"><b>rich</b></div></div>';
    expect(parsed(sanitizers[0].sanitize(html)).textContent).toBe('text');
  });
});

describe('withoutDiagrams', () => {
  it.each(['```mermaid\nx', '~~~  mermaid\nx', '> - ```mermaid\nx', '1. ````MERMAID\nx'])(
    'shows the source of %j',
    text => {
      expect(withoutDiagrams(text)).not.toMatch(/mermaid/i);
    }
  );

  it('leaves other text alone', () => {
    const text = 'a mermaid\n```python\nmermaid\n```';
    expect(withoutDiagrams(text)).toBe(text);
  });
});

const LINK = new Set(['href', 'target', 'rel', 'title']);

function parsed(html: string): HTMLElement {
  return new DOMParser().parseFromString(html, 'text/html').body;
}
