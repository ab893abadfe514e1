import { Widget } from '@lumino/widgets';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { ISettings, Variant } from '../../api/variants';
import { Catalogue } from '../../model/catalogue';
import { Memory } from '../../model/memory';
import type { IPanelParts } from '../../ui/parts';
import type { Sidebar } from '../../ui/sidebar';
import { linesOf } from '../golden';
import { Shown } from '../panel';
import { FakeServer } from '../server';

const SETTINGS: ISettings = {
  models: [{ name: 'big' }, { name: 'tiny', note: 'often wrong' }],
  default: 'big',
  advice: ''
};

describe('Sidebar', () => {
  let server: FakeServer;
  let parts: IPanelParts;
  let panel: Sidebar;
  let shown: Shown;

  const find = <T extends HTMLElement>(selector: string): T => shown.find<T>(selector);
  const box = (): HTMLTextAreaElement => find('.jp-FrevaGPT-input textarea');
  const type = (text: string): Promise<void> => {
    parts.draft.text = text;
    return vi.waitFor(() => expect(box().value).toBe(text));
  };
  const press = (key: string, more: KeyboardEventInit = {}): boolean =>
    box().dispatchEvent(
      new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more })
    );
  const asked = (): unknown[] => server.bodies('streamresponse').map(body => body.input);
  const shows = (text: string): Promise<void> =>
    vi.waitFor(() => expect(panel.node.textContent).toContain(text));

  async function show(settings = SETTINGS): Promise<void> {
    server.will('settings', Response.json(settings));
    await parts.catalogue.load();
    Widget.attach(panel, document.body);
    await vi.waitFor(() => box());
  }

  beforeEach(() => {
    window.sessionStorage.clear();
    window.localStorage.clear();
    server = new FakeServer();
    shown = new Shown(server);
    ({ parts, panel } = shown);
  });

  afterEach(() => shown.dispose());

  it('fills the box with the example that is clicked', async () => {
    await show();
    const examples = panel.node.querySelectorAll<HTMLElement>('.jp-FrevaGPT-example');
    expect(examples).toHaveLength(4);
    examples[1].click();
    await vi.waitFor(() => expect(box().value).toBe(examples[1].textContent));
    await vi.waitFor(() => expect(document.activeElement).toBe(box()));
    expect(asked()).toEqual([]);
  });

  it('sends with Enter, but not while a word is being composed or with Shift', async () => {
    await show();
    await type('q');
    press('Enter', { isComposing: true });
    press('Enter', { shiftKey: true });
    expect(asked()).toEqual([]);
    server.will('streamresponse', { lines: linesOf('text') });
    expect(press('Enter')).toBe(false);
    await shows('Climate is the statistics');
    expect(asked()).toEqual(['q']);
    await vi.waitFor(() => expect(box().value).toBe(''));
  });

  it('sends with Shift+Enter when the user wants it so', async () => {
    shown.preferences.sendWithEnter = false;
    await show();
    await type('q');
    expect(press('Enter')).toBe(true);
    server.will('streamresponse', { lines: linesOf('text') });
    press('Enter', { shiftKey: true });
    await vi.waitFor(() => expect(asked()).toEqual(['q']));
  });

  it('recalls the last question with the up arrow, in an empty box only', async () => {
    await show();
    server.will('streamresponse', { lines: linesOf('text') });
    await parts.conversation.send('the last one');
    await type('x');
    press('ArrowUp');
    expect(parts.draft.text).toBe('x');
    await type('');
    press('ArrowUp');
    expect(parts.draft.text).toBe('the last one');
  });

  it('turns Send into Stop while it answers, and queues', async () => {
    await show();
    const lines: Variant[] = linesOf('text').slice(0, 3);
    server.will('streamresponse', { lines, then: new Promise(() => undefined) });
    await type('a');
    find('[aria-label="Send"]').click();
    await vi.waitFor(() => find('.jp-FrevaGPT-stop[aria-label="Stop"]'));
    await vi.waitFor(() => expect(find('[role="log"]').textContent).toBe('Answering'));
    await type('b');
    press('Enter');
    await vi.waitFor(() => expect(find('.jp-FrevaGPT-queued-text').textContent).toBe('b'));
    find('.jp-FrevaGPT-stop').click();
    await vi.waitFor(() => expect(server.bodies('stop')).toHaveLength(1));
  });

  it('shows a run as a card with its state, code and output', async () => {
    await show();
    server.will('streamresponse', { lines: linesOf('figures') });
    await parts.conversation.send('q');
    await vi.waitFor(() =>
      expect(panel.node.querySelectorAll('.jp-FrevaGPT-card')).toHaveLength(2)
    );
    const cards = [...panel.node.querySelectorAll<HTMLElement>('.jp-FrevaGPT-card')];
    expect(cards.map(card => [card.dataset.callId, card.dataset.state])).toEqual([
      ['call_a', 'done'],
      ['call_b', 'failed']
    ]);
    await vi.waitFor(() => {
      const output = cards[0].querySelector('.jp-FrevaGPT-card-output');
      expect(output?.textContent).toContain('two maps');
      expect(output?.querySelectorAll('img[src^="data:image/png"]')).toHaveLength(2);
      expect(cards[1].textContent).toContain('division by zero');
    });
  });

  it('reads errors out', async () => {
    await show();
    server.will('streamresponse', { lines: linesOf('broken') });
    await parts.conversation.send('q');
    await vi.waitFor(() => expect(find('[role="alert"]').textContent).toContain('broke off'));
  });

  it('shows the note of the model that answered', async () => {
    await show();
    parts.catalogue.choose('tiny');
    server.will('streamresponse', { lines: linesOf('text') });
    await parts.conversation.send('q');
    await vi.waitFor(() =>
      expect(find('.jp-FrevaGPT-note').textContent).toBe('tiny: often wrong')
    );
    expect(server.bodies('streamresponse')[0].chatbot).toBe('tiny');
    const again = new Catalogue(server.client, new Memory());
    server.will('settings', Response.json(SETTINGS));
    await again.load();
    expect(again.chosen?.name).toBe('tiny');
  });

  it('advises when there is no model', async () => {
    await show({ models: [], default: null, advice: 'Set a key.' });
    await shows('Set a key.');
    expect(panel.node.querySelector('select')).toBeNull();
  });

  it('names a single model without a choice', async () => {
    await show({ ...SETTINGS, models: SETTINGS.models.slice(1) });
    expect(panel.node.querySelector('select')).toBeNull();
    expect(find('.jp-FrevaGPT-model').textContent).toBe('tiny (often wrong)');
  });

  it('says where code runs', async () => {
    await show();
    expect(find('.jp-FrevaGPT-kernel').textContent).toBe(
      'Runs in the kernel of a.ipynb (Python 3)'
    );
  });

  it('lists the chats, marks the running one, and opens one', async () => {
    server.threads = [
      { thread_id: 'x', date: '2026-01-02T03:04:05Z', topic: 'Rain', running: true },
      { thread_id: 'y', date: '2026-01-01T03:04:05Z', topic: 'Wind' }
    ];
    server.thread = [{ variant: 'User', content: 'Does it blow?' }];
    await show();
    find('[aria-label="Chats"]').click();
    await shows('Rain');
    expect(find('[data-running]').dataset.threadId).toBe('x');
    find('[data-thread-id="y"]').click();
    await shows('Does it blow?');
    expect(parts.conversation.threadId).toBe('y');
  });

  it('shows the last 50 parts of a long chat, and earlier ones on demand', async () => {
    await show();
    server.thread = Array.from({ length: 120 }, (_, at) => ({
      variant: 'User',
      content: `q${at}`
    }));
    await parts.conversation.open('x');
    const questions = (): number => panel.node.querySelectorAll('.jp-FrevaGPT-question').length;
    await vi.waitFor(() => expect(questions()).toBe(50));
    find('.jp-FrevaGPT-earlier').click();
    await vi.waitFor(() => expect(questions()).toBe(100));
  });

  it('opens links of the answer apart from the page, whatever wrote them', async () => {
    await show();
    const opened = vi.spyOn(window, 'open').mockReturnValue(null);
    for (const href of ['https://a.org/', 'javascript:alert(1)', '/logout']) {
      const link = document.createElement('a');
      link.setAttribute('href', href);
      panel.node.appendChild(link);
      const event = new MouseEvent('click', { bubbles: true, cancelable: true });
      link.dispatchEvent(event);
      expect(event.defaultPrevented).toBe(true);
      link.remove();
    }
    expect(opened.mock.calls).toEqual([['https://a.org/', '_blank', 'noopener,noreferrer']]);
    opened.mockRestore();
  });
});
