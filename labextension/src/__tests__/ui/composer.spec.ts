import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { ISettings, Variant } from '../../api/variants';
import type { ISentChip } from '../../model/chips';
import { END, opening } from '../hints';
import { Shown } from '../panel';
import { FakeServer } from '../server';

const SETTINGS: ISettings = {
  models: [
    { name: 'seeing', vision: true },
    { name: 'blind', vision: false }
  ],
  default: 'seeing',
  advice: ''
};

describe('the box', () => {
  let server: FakeServer;
  let shown: Shown;

  const box = (): HTMLTextAreaElement => shown.find('.jp-FrevaGPT-input textarea');
  const all = (selector: string): string[] =>
    [...shown.panel.node.querySelectorAll(selector)].map(node => node.textContent ?? '');
  const offers = (): string[] => all('.jp-FrevaGPT-offer-label');
  const press = (key: string, more: KeyboardEventInit = {}, on: HTMLElement = box()): boolean =>
    on.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more }));
  const type = async (text: string): Promise<void> => {
    const value = Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, 'value');
    value?.set?.call(box(), text); // past React, which would take it for its own
    box().setSelectionRange(text.length, text.length);
    box().dispatchEvent(new Event('input', { bubbles: true }));
    await vi.waitFor(() => expect(box().value).toBe(text));
  };
  const pasted = (kind: string, text = ''): boolean => {
    const event = new Event('paste', { bubbles: true, cancelable: true });
    const files = [new File([`data of ${kind}`], 'image.png', { type: kind })];
    Object.assign(event, { clipboardData: { files, getData: () => text } });
    return box().dispatchEvent(event);
  };
  const chips = (): string[] => all('.jp-FrevaGPT-input .jp-FrevaGPT-chip-name');
  const notice = (): string => shown.find('.jp-FrevaGPT-box-notice').textContent ?? '';

  beforeEach(async () => {
    window.sessionStorage.clear();
    window.localStorage.clear();
    server = new FakeServer();
    shown = new Shown(server);
    shown.around.held = [
      { name: 'rain', type: 'list' },
      { name: 'rest', type: 'int' }
    ];
    server.will('settings', Response.json(SETTINGS));
    await shown.parts.catalogue.load();
    await shown.attach();
  });

  afterEach(() => shown.dispose());

  it('names the active offer to those who cannot see it', async () => {
    await type('@r');
    await vi.waitFor(() => expect(offers()).toEqual(['rain', 'rest']));
    const list = shown.find('[role="listbox"]');
    expect(box().getAttribute('aria-controls')).toBe(list.id);
    const active = (): string | null | undefined =>
      document.getElementById(box().getAttribute('aria-activedescendant') ?? '')?.textContent;
    expect(active()).toContain('rain');
    expect(press('ArrowDown')).toBe(false);
    await vi.waitFor(() => expect(active()).toContain('rest'));
    expect(list.querySelectorAll('[aria-selected="true"]')).toHaveLength(1);
    press('Escape');
    await vi.waitFor(() => expect(offers()).toEqual([]));
    expect(box().hasAttribute('aria-activedescendant')).toBe(false);
    expect(box().value).toBe('@r');
  });

  it('sends what was chosen, and shows what the server found', async () => {
    const found: ISentChip = { kind: 'variable', name: 'rain', text: '{"value":42}' };
    const hint: Variant = { variant: 'ServerHint', content: { ...(opening().content as object), context: { chips: [found] } } };
    server.will('streamresponse', { lines: [hint, END] });
    await type('plot @rain');
    await vi.waitFor(() => expect(offers()).toEqual(['rain']));
    press('Enter');
    await vi.waitFor(() => expect(box().value).toBe('plot rain '));
    expect(chips()).toEqual(['rain']);
    press('Enter');
    await vi.waitFor(() => expect(server.bodies('streamresponse')).toHaveLength(1));
    expect(server.bodies('streamresponse')[0]).toMatchObject({
      input: 'plot rain ',
      context: [{ kind: 'variable', name: 'rain' }]
    });
    expect(chips()).toEqual([]);
    await vi.waitFor(() => expect(all('.jp-FrevaGPT-question .jp-FrevaGPT-chip-name')).toEqual(['rain']));
    const chip = shown.find<HTMLButtonElement>('.jp-FrevaGPT-question .jp-FrevaGPT-chip-name');
    await vi.waitFor(() => {
      if (chip.getAttribute('aria-expanded') !== 'true') {
        chip.click();
      }
      expect(shown.find('.jp-FrevaGPT-sent-preview').textContent).toContain('42');
    });
  });

  it('leaves context out where there is none', async () => {
    server.will('streamresponse', { lines: [opening(), END] });
    await type('plain');
    press('Enter');
    await vi.waitFor(() => expect(server.bodies('streamresponse')).toHaveLength(1));
    expect(server.bodies('streamresponse')[0]).not.toHaveProperty('context');
  });

  it('gives a refused question back with its chips', async () => {
    server.will('streamresponse', Response.json({ detail: 'The file is gone.' }, { status: 422 }));
    shown.parts.draft.fill('read it', [{ kind: 'file', name: 'a.txt' }]);
    await vi.waitFor(() => expect(box().value).toBe('read it'));
    press('Enter');
    await shown.shows('The file is gone.');
    expect(box().value).toBe('read it');
    expect(chips()).toEqual(['a.txt']);
  });

  it('keeps chips with what is queued, and sends them with it', async () => {
    let go = (): void => {};
    const then = new Promise<void>(resolve => (go = resolve));
    server.will('streamresponse', { lines: [opening()], then, rest: [END] });
    server.will('streamresponse', { lines: [opening(), END] });
    await type('first');
    press('Enter');
    await vi.waitFor(() => expect(server.bodies('streamresponse')).toHaveLength(1));
    shown.parts.draft.fill('second', [{ kind: 'file', name: 'a.txt' }]);
    await vi.waitFor(() => expect(box().value).toBe('second'));
    press('Enter');
    await vi.waitFor(() => expect(all('.jp-FrevaGPT-queued')).toHaveLength(1));
    expect(all('.jp-FrevaGPT-queued')[0]).toContain('with 1 item');
    expect(chips()).toEqual([]);
    go();
    await vi.waitFor(() => expect(server.bodies('streamresponse')).toHaveLength(2));
    expect(server.bodies('streamresponse')[1]).toMatchObject({
      input: 'second',
      context: [{ kind: 'file', name: 'a.txt' }]
    });
  });

  it('takes chips out by keys, by button, and from the empty box', async () => {
    const names = ['a', 'b', 'c', 'd'];
    shown.parts.draft.fill(
      'text',
      names.map(name => ({ kind: 'variable', name }))
    );
    await vi.waitFor(() => expect(chips()).toEqual(names));
    shown.find<HTMLButtonElement>('[aria-label="Do not send b"]').click();
    await vi.waitFor(() => expect(chips()).toEqual(['a', 'c', 'd']));
    press('Delete', {}, shown.find('.jp-FrevaGPT-chip-name'));
    await vi.waitFor(() => expect(chips()).toEqual(['c', 'd']));
    press('Backspace');
    expect(chips()).toEqual(['c', 'd']);
    await type('');
    press('Backspace');
    await vi.waitFor(() => expect(chips()).toEqual(['c']));
  });

  it('shows what will be sent while a chip has the focus', async () => {
    shown.parts.draft.fill('', [{ kind: 'variable', name: 'rain' }]);
    await vi.waitFor(() => expect(chips()).toEqual(['rain']));
    const chip = shown.find('.jp-FrevaGPT-chip-name');
    chip.focus();
    await vi.waitFor(() => expect(shown.find('[role="tooltip"]').textContent).toContain('"list"'));
    expect(chip.getAttribute('aria-describedby')).toBe(shown.find('[role="tooltip"]').id);
    press('Escape', {}, chip);
    await vi.waitFor(() => expect(shown.has('[role="tooltip"]')).toBe(false));
  });

  it('takes pictures for a model that sees', async () => {
    expect(pasted('image/png', 'cells of a spreadsheet')).toBe(true);
    expect(pasted('text/html')).toBe(true);
    expect(pasted('image/png')).toBe(false);
    await vi.waitFor(() => expect(chips()).toEqual(['pasted picture']));
    expect(shown.parts.draft.chips.items[0]).toMatchObject({ image: 'picture of image/png' });
    shown.parts.catalogue.choose('blind');
    await vi.waitFor(() => expect(shown.has('.jp-FrevaGPT-chip[data-unseen]')).toBe(true));
    pasted('image/jpeg');
    await vi.waitFor(() => expect(notice()).toContain('blind cannot see pictures'));
    expect(chips()).toEqual(['pasted picture']);
    await type('what is it');
    expect(notice()).toBe('');
    press('Enter');
    await vi.waitFor(() => expect(notice()).toContain('Take them out'));
    expect(server.bodies('streamresponse')).toEqual([]);
  });

  it('runs a command instead of sending it, and sends what is none', async () => {
    const ran: string[] = [];
    shown.slashes.push({ name: 'new', help: 'n', enabled: () => true, run: () => ran.push('new') });
    shown.slashes.push({ name: 'help', help: 'h', enabled: () => true, run: () => shown.parts.draft.help(true) });
    shown.parts.draft.text = '/new ';
    await vi.waitFor(() => expect(box().value).toBe('/new '));
    press('Enter');
    expect(ran).toEqual(['new']);
    await vi.waitFor(() => expect(box().value).toBe(''));
    await type('/he');
    await vi.waitFor(() => expect(offers()).toEqual(['/help']));
    press('Tab');
    await vi.waitFor(() => expect(document.activeElement?.getAttribute('aria-label')).toBe('Close the help'));
    expect(shown.find('.jp-FrevaGPT-help').textContent).toContain('/new');
    press('Escape', {}, shown.find('.jp-FrevaGPT-help'));
    await vi.waitFor(() => expect(shown.has('.jp-FrevaGPT-help')).toBe(false));
    server.will('streamresponse', { lines: [opening(), END] });
    await type('/nonsense');
    press('Enter');
    await vi.waitFor(() => expect(server.bodies('streamresponse')).toHaveLength(1));
  });

  it('lets Enter choose also where Shift+Enter sends', async () => {
    shown.preferences.sendWithEnter = false;
    await type('@rain');
    await vi.waitFor(() => expect(offers()).toEqual(['rain']));
    expect(press('Enter')).toBe(false);
    await vi.waitFor(() => expect(chips()).toEqual(['rain']));
    expect(server.bodies('streamresponse')).toEqual([]);
    expect(press('Enter')).toBe(true);
  });
});
