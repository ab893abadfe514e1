import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { IThread, Variant } from '../../api/variants';
import { END, opening, THREAD } from '../hints';
import { Shown } from '../panel';
import { FakeServer } from '../server';

const thread = (id: string, topic: string, running = false): IThread => ({
  thread_id: id,
  date: '2026-01-01T00:00:00Z',
  topic,
  running
});
const user = (content: string): Variant => ({ variant: 'User', content });
const text = (content: string): Variant => ({ variant: 'Assistant', content });

describe('the chats in the panel', () => {
  let server: FakeServer;
  let shown: Shown;

  const press = (node: Element, key: string): boolean =>
    node.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
  const list = async (): Promise<void> => {
    shown.find('.jp-FrevaGPT-chats').click();
    await vi.waitFor(() => expect(shown.panel.node.querySelectorAll('.jp-FrevaGPT-thread').length).toBe(2));
  };
  const has = (selector: string): Promise<void> =>
    vi.waitFor(() => expect(shown.has(selector), selector).toBe(true));

  beforeEach(async () => {
    window.sessionStorage.clear();
    server = new FakeServer();
    server.threads = [thread('a', 'Rain'), thread('b', 'Snow')];
    shown = new Shown(server);
    await shown.attach();
  });

  afterEach(() => shown.dispose());

  it('are walked through with the arrow keys, from the search box on', async () => {
    await list();
    const box = shown.find<HTMLInputElement>('.jp-FrevaGPT-search input');
    expect(document.activeElement).toBe(box);
    press(box, 'ArrowDown');
    press(document.activeElement ?? box, 'ArrowDown');
    expect(document.activeElement?.textContent).toContain('Snow');
    press(document.activeElement ?? box, 'ArrowUp');
    press(document.activeElement ?? box, 'ArrowUp');
    expect(document.activeElement).toBe(box);
    press(box, 'Escape');
    await vi.waitFor(() => expect(shown.has('.jp-FrevaGPT-threads')).toBe(false));
  });

  it('take a prefix from its button, and give it back', async () => {
    await list();
    const { threads } = shown.parts;
    threads.search('rain');
    const button = shown.find('.jp-FrevaGPT-prefix');
    await has('.jp-FrevaGPT-clear');
    button.click();
    expect(threads.query).toBe('user: rain');
    await vi.waitFor(() => expect(button.getAttribute('aria-pressed')).toBe('true'));
    shown.panel.node.querySelectorAll<HTMLElement>('.jp-FrevaGPT-prefix')[2].click();
    expect(threads.query).toBe('code: rain');
  });

  it('have a menu each, of the chat that it stands beside', async () => {
    await list();
    shown.panel.node.querySelectorAll<HTMLElement>('.jp-FrevaGPT-threadMenu')[1].click();
    const first = shown.find('.jp-FrevaGPT-thread');
    first.dispatchEvent(new MouseEvent('contextmenu', { bubbles: true, cancelable: true }));
    expect(shown.menus).toEqual(['b', 'a']);
  });

  it('keep their name on Escape, and get another one on Enter', async () => {
    await list();
    press(shown.find('.jp-FrevaGPT-thread'), 'F2');
    await has('.jp-FrevaGPT-rename');
    press(shown.find('.jp-FrevaGPT-rename'), 'Escape');
    await vi.waitFor(() => expect(shown.has('.jp-FrevaGPT-rename')).toBe(false));
    expect(server.bodies('setthreadtopic')).toEqual([]);
    server.will('setthreadtopic', Response.json({}));
    shown.parts.chats.begin('rename', 'a');
    await has('.jp-FrevaGPT-rename');
    const box = shown.find<HTMLInputElement>('.jp-FrevaGPT-rename');
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')?.set?.call(box, 'Hail');
    box.dispatchEvent(new Event('input', { bubbles: true }));
    await vi.waitFor(() => {
      press(box, 'Enter');
      expect(server.bodies('setthreadtopic')).toEqual([{ thread_id: 'a', topic: 'Hail' }]);
    });
    await shown.shows('Hail');
  });

  it('are deleted when that was confirmed, and say why not', async () => {
    await list();
    press(shown.find('.jp-FrevaGPT-thread'), 'Delete');
    await shown.shows('Delete “Rain”');
    expect(server.bodies('deletethread')).toEqual([]);
    expect(document.activeElement?.textContent).toBe('Cancel');
    server.will('deletethread', Response.json({ detail: 'No store.' }, { status: 503 }));
    shown.find('.jp-FrevaGPT-delete').click();
    await shown.shows('No store.');
    server.will('deletethread', Response.json({}));
    server.threads = [thread('b', 'Snow')];
    shown.find('.jp-FrevaGPT-delete').click();
    await vi.waitFor(() => expect(shown.panel.node.querySelectorAll('.jp-FrevaGPT-thread').length).toBe(1));
  });

  it('are named in the bar as the list knows them', async () => {
    server.thread = [user('a long question'), text('x'), END];
    await shown.parts.threads.reload();
    await shown.parts.conversation.open('b');
    await vi.waitFor(() => expect(shown.find('.jp-FrevaGPT-topic').textContent).toBe('Snow'));
    shown.parts.chats.begin('delete', 'b');
    await shown.shows('Delete “Snow”');
  });

  it('have their questions edited in place, with a way back', async () => {
    server.thread = [user('one'), text('x'), user('two'), text('y'), END];
    await shown.parts.conversation.open(THREAD);
    await has('.jp-FrevaGPT-edit');
    shown.panel.node.querySelectorAll<HTMLElement>('.jp-FrevaGPT-edit')[1].click();
    await has('.jp-FrevaGPT-editing textarea');
    const box = shown.find<HTMLTextAreaElement>('.jp-FrevaGPT-editing textarea');
    expect([box.value, document.activeElement]).toEqual(['two', box]);
    press(box, 'Escape');
    await vi.waitFor(() =>
      expect(document.activeElement).toBe(shown.panel.node.querySelectorAll('.jp-FrevaGPT-edit')[1])
    );
  });

  it('offer to go on only where an answer did not come to its end', async () => {
    server.thread = [user('one'), text('x'), { variant: 'StreamEnd', content: 'Stopped.' }];
    await shown.parts.conversation.open(THREAD);
    await shown.shows('This answer was stopped.');
    server.will('streamresponse', { lines: [opening(), text('more'), END] });
    shown.find('.jp-FrevaGPT-continue').click();
    await shown.shows('more');
    await vi.waitFor(() => expect(shown.has('.jp-FrevaGPT-turnEnd')).toBe(false));
    expect(shown.has('.jp-FrevaGPT-actions .jp-FrevaGPT-retry')).toBe(true);
    expect(server.bodies('streamresponse').map(body => body.input)).toEqual([
      'Please continue where you stopped.'
    ]);
  });
});
