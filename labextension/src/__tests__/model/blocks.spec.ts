import { describe, expect, it } from 'vitest';

import { splitBlocks, splitWhole } from '../../model/blocks';

describe('splitBlocks', () => {
  it.each([
    ['paragraphs', 'a\nb\n\nc', ['a\nb\n\n', 'c']],
    ['a fence with blank lines', '```python\na\n\nb\n```\n\nc', ['```python\na\n\nb\n```\n\n', 'c']],
    ['a fence of tildes around backticks', '~~~\n```\n\n~~~\n\nc', ['~~~\n```\n\n~~~\n\n', 'c']],
    ['a longer fence around a shorter', '````\n```\n\n````\n\nc', ['````\n```\n\n````\n\n', 'c']],
    ['an open fence', 'a\n\n```\nb\n\nc', ['a\n\n', '```\nb\n\nc']],
    ['a fence in a list', '- ```\n  a\n\n  b\n  ```\n\nc', ['- ```\n  a\n\n  b\n  ```\n\n', 'c']],
    ['inline code that looks like a fence', '```a``` b\n\nc', ['```a``` b\n\n', 'c']],
    ['a formula with blank lines', '$$\na\n\nb\n$$\n\nc', ['$$\na\n\nb\n$$\n\n', 'c']],
    ['blank lines first and many', '\n\na\n\n\n\nb', ['\n\na\n\n\n\n', 'b']],
    ['nothing', '', []]
  ])('splits %s', (_, text, blocks) => {
    expect(splitBlocks(text)).toEqual(blocks);
  });

  it('loses nothing, and keeps finished blocks while the text grows', () => {
    const text = '# T\n\na\n\n```\nx\n\ny\n```\n\n- 1\n\n- 2\n\n$$\nz\n\n$$\nend';
    let before: string[] = [];
    for (let length = 0; length <= text.length; length++) {
      const blocks = splitBlocks(text.slice(0, length));
      expect(blocks.join('')).toBe(text.slice(0, length));
      const settled = Math.max(0, before.length - 1);
      expect(blocks.slice(0, settled)).toEqual(before.slice(0, settled));
      before = blocks;
    }
  });
});

describe('splitWhole', () => {
  it.each([
    ['paragraphs', 'a\n\nb', ['a\n\n', 'b']],
    ['a loose list', 'a\n\n1. b\n\n   c\n\n2. d\n\ne', ['a\n\n', '1. b\n\n   c\n\n2. d\n\n', 'e']],
    ['code in a list', '- a\n\n  ```\n  x\n  ```\n\nb', ['- a\n\n  ```\n  x\n  ```\n\n', 'b']],
    ['HTML that may go on', '<details>\n\na\n\n</details>', ['<details>\n\na\n\n</details>']],
    ['HTML in code', '```\n<b>\n```\n\na', ['```\n<b>\n```\n\n', 'a']],
    ['nothing', '', []]
  ])('splits %s', (_, text, blocks) => {
    expect(splitWhole(text)).toEqual(blocks);
  });

  it('brings along what is referred to, and nothing else', () => {
    const text = '[A b][X] ![c]\n\nd [x]\n\ne\n\n[x]: http://a.org "T"\n[ A  B ]: http://b.org\n[x]: http://c.org';
    expect(splitWhole(text).slice(0, 3)).toEqual([
      '[x]: http://a.org "T"\n[ A  B ]: http://b.org\n\n[A b][X] ![c]\n\n',
      '[x]: http://a.org "T"\n\nd [x]\n\n',
      'e\n\n'
    ]);
  });

  it('takes no definition from code', () => {
    expect(splitWhole('[x]\n\n```\n[x]: http://a.org\n```')).toEqual(['[x]\n\n', '```\n[x]: http://a.org\n```']);
  });
});
