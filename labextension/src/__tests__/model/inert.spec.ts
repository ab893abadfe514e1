import { marked } from 'marked';
import { describe, expect, it } from 'vitest';

import { inert } from '../../model/inert';

const IMAGE = '![x](https://canary.example/?d=1)';

function loading(markdown: string): number {
  const page = document.createElement('div');
  page.innerHTML = marked.parse(markdown, { async: false });
  return page.querySelectorAll('img, video, audio, source, [style], iframe, object, embed, link, svg').length;
}

const LOADING = [
  IMAGE,
  `a ${IMAGE} b`,
  '![x][r]\n\n[r]: https://canary.example/',
  '![r]\n\n[r]: https://canary.example/',
  '<img src="https://canary.example/">',
  'a <IMG\nsrc=https://canary.example/> b',
  '<div style="background: url(https://canary.example/)">x</div>',
  '<svg><image href="https://canary.example/"/></svg>',
  `a \` b\n${IMAGE} \` ${IMAGE} \``,
  `1. a\n   \`\`\`\n${IMAGE}`,
  `[a]: /u "\n\`\`\`\n"\n${IMAGE}`,
  '<div title=">" style="background: url(https://canary.example/)">x</div>',
  "<div title='\">' STYLE = 'background: url(https://canary.example/)'>x</div>",
  '<p title="a"style="background: url(https://canary.example/)">x</p>',
  '[![x](https://canary.example/)](https://canary.example/)'
];

describe('inert', () => {
  it.each(LOADING)('lets nothing load: %j', markdown => {
    expect(loading(markdown)).toBeGreaterThan(0);
    expect(loading(inert(markdown))).toBe(0);
  });

  it.each([
    '```python\nx: list[int] = y[0] if a < b and not ![0] else a < b\nplot(style="-", data=x)\n```'.replace('![', '!= ['),
    '```r\nx <- 1; y<-x; f <- function(src = "a") src\n```',
    'The field $\\\\overline{T} < 3$ and `List<int>`.',
    'a < b, 3 <4, [link](https://example.org) and **bold** `x[1] != 2`'
  ])('keeps code and other text to the byte: %j', markdown => {
    expect(inert(markdown)).toBe(markdown);
  });

  it('keeps what is read', () => {
    const page = document.createElement('div');
    page.innerHTML = marked.parse(inert('`List<int>` and <b>bold</b>'), { async: false });
    expect(page.textContent?.replaceAll('\u200b', '').trim()).toBe('List<int> and bold');
  });

  it('takes long texts', () => {
    expect(inert('<a"'.repeat(200_000) + ' style=x')).toHaveLength(800_008);
  });

  it('lets nothing load whatever the parts', { timeout: 60_000 }, () => {
    const parts = ['`', '```', '\n', '    ', ' ', '- ', '1. ', '> ', '\\', '"', "'", '>', '<p ', '<', ' style=x ', '[a]: ', IMAGE, '<img src=x>', 'a', '!'];
    let seed = 7;
    const draw = (below: number): number => (seed = (seed * 48271) % 2147483647) % below;
    let dangerous = 0;
    for (let trial = 0; trial < 1000; trial++) {
      const text = Array.from({ length: 2 + draw(12) }, () => parts[draw(parts.length)]).join('');
      dangerous += loading(text) ? 1 : 0;
      expect(loading(inert(text)), JSON.stringify(text)).toBe(0);
    }
    expect(dangerous).toBeGreaterThan(100);
  });
});
