import { Clipboard } from '@jupyterlab/apputils';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { FakeNotebook } from '../notebooks';
import { Shown } from '../panel';
import { FakeServer } from '../server';

const CODE = 'x = "a"\nprint(x)';
const ANSWER = [
  `<pre><code class="language-python">${CODE}\n</code></pre>`,
  '<pre><code class="language-bash">ls\n</code></pre>'
].join('');

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

let shown: Shown;
let book: FakeNotebook;

beforeEach(async () => {
  const server = new FakeServer().will('streamresponse', {
    lines: [
      { variant: 'ServerHint', content: { thread_id: 't', running: true } },
      { variant: 'Assistant', content: ANSWER },
      { variant: 'Code', content: '{"code":"print(6 * 7)"}', id: 'c' },
      { variant: 'CodeOutput', content: '42\n', id: 'c' },
      { variant: 'ServerHint', content: { run: { id: 'c', state: 'done', kernel_id: 'k' } } },
      { variant: 'StreamEnd', content: 'Finished.' }
    ]
  });
  shown = new Shown(server);
  book = new FakeNotebook({ id: 'a', source: 'old' }, { id: 'b', source: 'b' });
  await shown.attach();
  await shown.parts.conversation.send('q');
  await soon(() => shown.find('.jp-FrevaGPT-codebar'));
});

afterEach(() => shown.dispose());

function button(name: string): HTMLButtonElement {
  return shown.find<HTMLButtonElement>(`.jp-FrevaGPT-${name}`);
}

async function press(name: string): Promise<void> {
  await soon(() => expect(button(name).getAttribute('aria-disabled')).toBe('false'));
  button(name).click();
}

describe('the buttons at code', () => {
  it('stay, and say why they do nothing, while no cell is active', async () => {
    expect(button('insertAbove').title).toContain('open a notebook and select a cell first');
    button('insertAbove').click();
    shown.notebooks.current = book;
    await soon(() => expect(button('insertAbove').title).toBe('Insert above the active cell'));
    expect(book.sources).toEqual(['old', 'b']);
    book.hasKernel = false;
    shown.notebooks.changed.emit();
    await soon(() => expect(button('runCode').title).toContain('no running kernel'));
    expect(button('replace').getAttribute('aria-disabled')).toBe('false');
    book.readOnly = true;
    shown.notebooks.changed.emit();
    await soon(() => expect(button('replace').title).toContain('cannot be edited'));
  });

  it('put the exact code above, below or in place of the active cell, and go there', async () => {
    shown.notebooks.current = book;
    await press('insertAbove');
    await soon(() => expect(book.sources).toEqual([CODE, 'old', 'b']));
    book.activeId = 'b';
    await press('insertBelow');
    await soon(() => expect(book.sources).toEqual([CODE, 'old', 'b', CODE]));
    book.activeId = 'b';
    await press('replace');
    await soon(() => expect(book.sources).toEqual([CODE, 'old', CODE, CODE]));
    expect(book.shown).toHaveLength(3);
    expect(book.shown[2]).toBe('b');
  });

  it('run it in a cell of its own', async () => {
    shown.notebooks.current = book;
    await press('runCode');
    await soon(() => expect(book.ran).toMatchObject([{ source: CODE, trusted: true }]));
    expect(book.sources).toEqual(['old', CODE, 'b']);
  });

  it('offer to copy what is no Python, and nothing else', () => {
    const bars = shown.panel.node.querySelectorAll('.jp-FrevaGPT-codebar');
    expect([...bars].map(bar => bar.querySelectorAll('button').length)).toEqual([5, 1]);
    const copied = vi.spyOn(Clipboard, 'copyToSystem').mockImplementation(() => undefined);
    bars[1].querySelector('button')?.click();
    expect(copied).toHaveBeenCalledWith('ls');
  });

  it('add a run with its output', async () => {
    shown.notebooks.current = book;
    await press('addCell');
    await soon(() => expect(book.sources).toEqual(['old', 'print(6 * 7)', 'b']));
    const cell = book.model.sharedModel.cells[1];
    expect(cell.toJSON().metadata).toEqual({});
    expect(book.cells.view(cell.getId()).output).toBe('42');
  });
});

describe('a tool that asks', () => {
  it('shows the code and what would be done with it, and takes the answer', async () => {
    const server = new FakeServer();
    const other = new Shown(server);
    await other.attach();
    server.will('approve', Response.json({ detail: 'Decided.' })).will('streamresponse', {
      lines: [
        { variant: 'ServerHint', content: { thread_id: 't', running: true } },
        { variant: 'ToolCall', content: '{"cell_id":"a"}', tool_name: 'replace_cell', id: 'c' },
        {
          variant: 'ServerHint',
          content: {
            approval: {
              id: 'secret',
              call: 'c',
              code: 'danger()',
              standing: true,
              reasons: [{ kind: 'notebook', text: 'Replaces the code of a cell of map.ipynb.', line: 0 }]
            }
          }
        }
      ],
      then: new Promise(() => undefined)
    });
    void other.parts.conversation.send('q');
    await other.shows('May this code be written into the notebook?');
    await other.shows('danger()');
    expect(other.parts.conversation.transcript.pending?.id).toBe('c');
    other.find<HTMLButtonElement>('.jp-FrevaGPT-approve-once').click();
    await soon(() => expect(server.bodies('approve')).toMatchObject([{ id: 'secret', decision: 'once' }]));
    other.parts.conversation.transcript.add({
      variant: 'ServerHint',
      content: { approval: { id: '', call: 'c', decision: 'once', reason: '' } }
    });
    await other.shows('You allowed it once');
    expect(other.has('.jp-FrevaGPT-approval')).toBe(false);
    expect(other.parts.conversation.transcript.pending).toBeNull();
    other.dispose();
  });
});

/** Wait until something holds, on a busy machine too. */
function soon<T>(holds: () => T): Promise<T> {
  return vi.waitFor(holds, { timeout: 15_000 });
}
