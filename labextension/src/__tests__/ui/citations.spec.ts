import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { Variant } from '../../api/variants';
import { linkCitations, type ICitation } from '../../ui/citations';
import { END, opening } from '../hints';
import { Shown } from '../panel';
import { FakeServer } from '../server';

function passage(number: number, heading: string): Record<string, unknown> {
  const place = { title: 'The station', source: 'hours.md', position: 3 };
  return { number, heading, ...place, text: `text of ${heading}`, score: 1 };
}

function searched(id: string, ...found: unknown[]): Variant[] {
  const data = { passages: { way: 'full text', found } };
  return [
    { variant: 'ToolCall', content: '{"question":"x"}', tool_name: 'get_context_from_resources', id },
    { variant: 'ToolOutput', content: 'the text', tool_name: 'get_context_from_resources', id, data }
  ];
}

describe('linkCitations', () => {
  let node: HTMLElement;
  const opened: number[] = [];
  const find = (number: number): ICitation | null =>
    number < 5 ? { label: `Passage ${number}`, open: () => void opened.push(number) } : null;

  beforeEach(() => {
    node = document.createElement('div');
    opened.length = 0;
  });

  it('makes buttons of the numbers that mean a passage, and of nothing else', () => {
    node.innerHTML = '<p>One [1], two [2, 9] and [7]; a[3] <b>[4]</b></p><pre>x[1]</pre><code>[2]</code>';
    const text = node.textContent;
    linkCitations(node, find);
    const buttons = [...node.querySelectorAll<HTMLButtonElement>('button')];
    expect(buttons.map(button => button.textContent)).toEqual(['1', '2', '3', '4']);
    expect(node.textContent).toBe(text);
    expect(buttons[0].getAttribute('aria-label')).toBe('Passage 1');
    buttons[1].click();
    expect(opened).toEqual([2]);
  });

  it('takes them away again', () => {
    node.innerHTML = '<p>One [1] and [2].</p>';
    const before = node.innerHTML;
    linkCitations(node, find)();
    expect(node.innerHTML).toBe(before);
    expect(node.firstChild?.childNodes.length).toBe(1);
  });

  it('writes labels as text', () => {
    node.innerHTML = '<p>[1]</p>';
    linkCitations(node, () => ({ label: '<img src=x>"', open: () => undefined }));
    expect(node.querySelector('img')).toBeNull();
    expect(node.querySelector('button')?.title).toBe('<img src=x>"');
  });
});

describe('the card of a search in documents', () => {
  let server: FakeServer;
  let shown: Shown;

  beforeEach(async () => {
    window.sessionStorage.clear();
    window.localStorage.clear();
    server = new FakeServer();
    shown = new Shown(server);
    await shown.attach();
  });

  afterEach(() => shown.dispose());

  it('opens the passage that a number of the answer means', async () => {
    server.will('streamresponse', {
      lines: [
        opening(),
        ...searched('a', passage(1, 'Old hours')),
        ...searched('b', passage(1, 'Hours'), passage(2, 'Instruments')),
        { variant: 'Assistant', content: 'At seven [1], with care [2] [3].' },
        END
      ]
    });
    await shown.parts.conversation.send('When?');
    await vi.waitFor(() => expect(shown.panel.node.querySelectorAll('.jp-FrevaGPT-citation')).toHaveLength(2));
    const [first, second] = shown.panel.node.querySelectorAll<HTMLButtonElement>('.jp-FrevaGPT-citation');
    expect(first.getAttribute('aria-label')).toBe('Passage 1: Hours');
    const card = shown.find<HTMLElement>('[data-call-id="b"]');
    const toggles = card.querySelectorAll<HTMLElement>('.jp-FrevaGPT-passage-toggle');
    expect([...toggles].map(one => one.getAttribute('aria-expanded'))).toEqual(['false', 'false']);
    first.click();
    await vi.waitFor(() => expect(document.activeElement).toBe(toggles[0]));
    const open = (): unknown[] => [...toggles].map(one => one.getAttribute('aria-expanded'));
    await vi.waitFor(() => expect(open()).toEqual(['true', 'false']));
    await vi.waitFor(() => expect(card.textContent).toContain('text of Hours'));
    expect(card.textContent).toContain('The station, hours.md, line 3');
    expect(shown.find('[data-call-id="a"] .jp-FrevaGPT-passage-toggle').getAttribute('aria-expanded')).toBe('false');
    second.click();
    await vi.waitFor(() => expect(document.activeElement).toBe(toggles[1]));
    toggles[0].click();
    await vi.waitFor(() => expect(toggles[0].getAttribute('aria-expanded')).toBe('false'));
    first.click(); // again: it opens once more
    await vi.waitFor(() => expect(toggles[0].getAttribute('aria-expanded')).toBe('true'));
  });

  it('says how they were found, and when nothing was', async () => {
    server.will('streamresponse', { lines: [opening(), ...searched('a'), END] });
    await shown.parts.conversation.send('When?');
    await vi.waitFor(() => expect(shown.find('.jp-FrevaGPT-passages').textContent).toBe('Nothing was found'));
    expect(shown.find('.jp-FrevaGPT-card-state').textContent).toBe('Searched documents');
  });
});
