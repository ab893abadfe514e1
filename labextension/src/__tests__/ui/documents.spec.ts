import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { IProgress, IResource } from '../../api/documents';
import { Shown } from '../panel';
import { FakeServer } from '../server';

const OURS: IResource = { name: 'hpc', title: 'Computing centre', standing: 'shipped', passages: 3 };
const OWN: IResource = { name: 'notes', title: 'notes', standing: 'own', passages: 12 };

function line(step: Partial<IProgress>): string {
  const whole = { name: 'notes', done: 0, total: 4, passages: 0, unread: 0, finished: false, problem: '', ...step };
  return `${JSON.stringify(whole)}\n`;
}

describe('the documents on the page on privacy and data', () => {
  let server: FakeServer;
  let shown: Shown;
  const text = (): string => shown.panel.node.textContent ?? '';

  beforeEach(async () => {
    window.sessionStorage.clear();
    window.localStorage.clear();
    server = new FakeServer();
    server.documents = { resources: [OURS], means: { way: 'full text', model: '', host: '' }, own: true };
    shown = new Shown(server);
    await shown.attach();
    shown.parts.privacy.open = true;
    await vi.waitFor(() => expect(text()).toContain('Computing centre'));
  });

  afterEach(() => shown.dispose());

  function type(folder: string): void {
    const input = shown.find<HTMLInputElement>('input[placeholder="~/notes"]');
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')?.set?.call(input, folder);
    input.dispatchEvent(new Event('input', { bubbles: true }));
  }

  async function index(): Promise<void> {
    type('~/notes');
    await vi.waitFor(() => expect(shown.find<HTMLButtonElement>('.jp-FrevaGPT-index').disabled).toBe(false));
    shown.find<HTMLButtonElement>('.jp-FrevaGPT-index').click();
  }

  it('say how they are found and to whom they go', async () => {
    expect(text()).toContain('searched by their words, inside this server');
    server.documents = { ...server.documents, means: { way: 'x', model: 'embed-1', host: 'models.example' } };
    await shown.parts.documents.load();
    await vi.waitFor(() => expect(text()).toContain('go to embed-1 at models.example'));
  });

  it('index a folder with a bar, then list it', async () => {
    let go = (): void => undefined;
    const then = new Promise<void>(resolve => (go = resolve));
    const rest = [JSON.parse(line({ done: 4, finished: true, unread: 1 })) as never];
    server.will('indexresources', { lines: [line({ done: 1 })], then, rest });
    await index();
    await vi.waitFor(() => expect(shown.find<HTMLProgressElement>('progress').value).toBe(1));
    expect(shown.find<HTMLProgressElement>('progress').max).toBe(4);
    expect(server.bodies('indexresources')).toEqual([{ folder: '~/notes' }]);
    server.documents = { ...server.documents, resources: [OURS, OWN] };
    go();
    await vi.waitFor(() => expect(shown.find('[data-name=notes]').textContent).toContain('12 passages'));
    expect(text()).toContain('3 documents are indexed.');
    expect(text()).toContain('1 could not be read.');
    expect(shown.panel.node.querySelector('progress')).toBeNull();
  });

  it('give up when told to', async () => {
    server.will('indexresources', { lines: [line({ done: 1 })], then: new Promise(() => undefined) });
    await index();
    await vi.waitFor(() => expect(shown.find<HTMLProgressElement>('progress').value).toBe(1));
    shown.find<HTMLButtonElement>('.jp-FrevaGPT-cancelIndex').click();
    await vi.waitFor(() => expect(shown.panel.node.querySelector('progress')).toBeNull());
    expect(shown.panel.node.querySelector('[role=alert]')).toBeNull();
  });

  it('tell why a folder was refused or the work ended', async () => {
    server.will('indexresources', Response.json({ detail: 'There is no such folder.' }, { status: 422 }));
    await index();
    await vi.waitFor(() => expect(shown.find('[role=alert]').textContent).toBe('There is no such folder.'));
    server.will('indexresources', { lines: [line({ done: 1, finished: true, problem: 'The disk is full.' })] });
    await index();
    await vi.waitFor(() => expect(shown.find('[role=alert]').textContent).toBe('The disk is full.'));
  });

  it('forget a folder', async () => {
    server.documents = { ...server.documents, resources: [OURS, OWN] };
    await shown.parts.documents.load();
    await vi.waitFor(() => shown.find('[data-name=notes] button'));
    server.will('removeresource', Response.json({ detail: 'gone' }));
    server.documents = { ...server.documents, resources: [OURS] };
    shown.find<HTMLButtonElement>('[data-name=notes] button').click();
    await vi.waitFor(() => expect(text()).not.toContain('12 passages'));
    expect(server.bodies('removeresource')).toEqual([{ name: 'notes' }]);
    expect(shown.panel.node.querySelector('[data-name=hpc] button')).toBeNull();
  });

  it('are not indexed where the site forbids it', async () => {
    server.documents = { ...server.documents, own: false };
    await shown.parts.documents.load();
    await vi.waitFor(() => expect(shown.panel.node.querySelector('.jp-FrevaGPT-index')).toBeNull());
  });
});
