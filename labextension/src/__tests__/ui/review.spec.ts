import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { Variant } from '../../api/variants';
import type { CodeRun } from '../../model/run';
import { ask, changes, code, decided, END, opening, output, state, STOPPED, THREAD } from '../hints';
import { Shown } from '../panel';
import { FakeServer } from '../server';

const UNDONE = {
  restored: ['trend'],
  not_restored: { ds: 'larger than the budget for copies' },
  cannot_vouch: ['model']
};
const MORE = {
  restored: ['trend', 'ds2'],
  not_restored: {
    ds: 'larger than the budget for copies',
    du: 'it was changed since',
    dt: 'larger than the budget for copies'
  }
};
const CODE = code("shutil.rmtree('out')");

describe('a card', () => {
  let server: FakeServer;
  let shown: Shown;
  let go: () => void;

  const find = <T extends HTMLElement>(selector: string): T => shown.find<T>(selector);
  const card = (): string | undefined => find('.jp-FrevaGPT-card').dataset.state;
  const reaches = (wanted: string): Promise<void> => vi.waitFor(() => expect(card()).toBe(wanted));
  const disabled = (selector: string): string | null => find(selector).getAttribute('aria-disabled');

  /** Ask a question whose answer stops at an approval; `go` lets it go on. */
  async function waiting(rest: Variant[], hint = ask()): Promise<void> {
    const then = new Promise<void>(resolve => (go = resolve));
    server.will('streamresponse', { lines: [opening(), CODE, hint], then, rest });
    void shown.parts.conversation.send('Tidy up');
    await reaches('approval');
  }

  beforeEach(async () => {
    window.sessionStorage.clear();
    window.localStorage.clear();
    server = new FakeServer();
    shown = new Shown(server);
    await shown.attach();
  });

  afterEach(() => shown.dispose());

  describe('that waits for a decision', () => {
    it('shows the code and the reasons in words, and leaves the focus where it is', async () => {
      find('.jp-FrevaGPT-input textarea').focus();
      await waiting([], ask({ source: 'the page x' }));
      expect(document.activeElement).toBe(find('.jp-FrevaGPT-input textarea'));
      expect(find('.jp-FrevaGPT-card-state').textContent).toBe('Waiting for you');
      expect(find('.jp-FrevaGPT-card-toggle').getAttribute('aria-expanded')).toBe('true');
      await vi.waitFor(() =>
        expect(find('.jp-FrevaGPT-card-code').textContent).toContain("shutil.rmtree('out')")
      );
      const reason = find('.jp-FrevaGPT-reason').textContent;
      expect(reason).toBe("filesDeletes files: shutil.rmtree('out'). Line 1");
      await shown.shows('This turn has read text from outside: the page x');
      await vi.waitFor(() =>
        expect(find('[role="log"]').textContent).toBe('FrevaGPT waits for your decision')
      );
      expect(find('.jp-FrevaGPT-activity').textContent).toBe('');
    });

    it('marks the tab of the panel, which may be hidden', async () => {
      const { title } = shown.panel;
      expect([title.caption, title.className]).toEqual(['FrevaGPT', '']);
      await waiting([decided('deny'), END]);
      expect([title.caption, title.className]).toEqual([
        'FrevaGPT waits for your decision',
        'jp-FrevaGPT-tab-waits'
      ]);
      expect(find<HTMLTextAreaElement>('textarea').placeholder).toContain('until you have decided');
      go();
      await reaches('denied');
      expect([title.caption, title.className]).toEqual(['FrevaGPT', '']);
    });

    it('does not mark the tab in another chat', async () => {
      await waiting([]);
      shown.parts.conversation.newChat();
      expect(shown.panel.title.className).toBe('');
    });

    it('keeps the code open', async () => {
      await waiting([]);
      find('.jp-FrevaGPT-card-toggle').click();
      await vi.waitFor(() =>
        expect(find('.jp-FrevaGPT-card-code').textContent).toContain('shutil.rmtree')
      );
      expect(find('.jp-FrevaGPT-card-code').hidden).toBe(false);
    });

    it('offers to allow it in this chat only when that may stand', async () => {
      await waiting([], ask({ standing: false }));
      expect(shown.has('.jp-FrevaGPT-approve-thread')).toBe(false);
      expect(shown.has('.jp-FrevaGPT-approve-once')).toBe(true);
    });

    it.each([
      ['once', '.jp-FrevaGPT-approve-once', 'You ran it once'],
      ['thread', '.jp-FrevaGPT-approve-thread', 'You allowed it in this chat']
    ] as const)('runs when it is allowed: %s', async (decision, selector, line) => {
      server.will('approve', Response.json({ detail: 'Noted.' }));
      await waiting([decided(decision), state('running'), output('gone'), state('done'), END]);
      find(selector).click();
      await vi.waitFor(() => expect(disabled('.jp-FrevaGPT-deny')).toBe('true'));
      find('.jp-FrevaGPT-deny').click();
      expect(server.bodies('approve')).toEqual([
        { thread_id: THREAD, id: 'secret', decision, reason: '' }
      ]);
      go();
      await reaches('done');
      expect(shown.has('.jp-FrevaGPT-approval')).toBe(false);
      expect(find('.jp-FrevaGPT-decided').textContent).toBe(line);
    });

    it('is denied with a reason by Enter', async () => {
      server.will('approve', Response.json({ detail: 'Noted.' }));
      await waiting([decided('deny', 'use a copy'), output('The user did not allow it.'), END]);
      const field = find<HTMLInputElement>('.jp-FrevaGPT-deny-reason');
      field.focus();
      Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')?.set?.call(field, 'use a copy');
      field.dispatchEvent(new Event('input', { bubbles: true }));
      await vi.waitFor(() => expect(field.value).toBe('use a copy'));
      field.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }));
      await vi.waitFor(() => expect(server.bodies('approve')).toHaveLength(1));
      expect(server.bodies('approve')[0]).toMatchObject({ decision: 'deny', reason: 'use a copy' });
      go();
      await reaches('denied');
      expect(find('.jp-FrevaGPT-card-state').textContent).toBe('Not run');
      expect(find('.jp-FrevaGPT-decided').textContent).toBe('Denied: use a copy');
      expect(shown.has('.jp-FrevaGPT-card-output')).toBe(false);
      expect(document.activeElement).toBe(find('.jp-FrevaGPT-card-toggle'));
    });

    it('says when it was answered already', async () => {
      server.will('approve', Response.json({ detail: 'No.' }, { status: 404 }));
      await waiting([]);
      find('.jp-FrevaGPT-approve-once').click();
      await shown.shows('This was answered already, or stopped.');
      expect(disabled('.jp-FrevaGPT-approve-once')).toBe('true');
    });

    it('can be answered again when the answer did not arrive', async () => {
      server.will('approve', Response.json({ detail: 'Down for a minute.' }, { status: 503 }));
      await waiting([]);
      find('.jp-FrevaGPT-approve-once').click();
      await shown.shows('The answer could not be sent: Down for a minute.');
      expect(disabled('.jp-FrevaGPT-approve-once')).toBe('false');
    });

    it('ends with Stop', async () => {
      await waiting([STOPPED]);
      find('.jp-FrevaGPT-stop').click();
      await vi.waitFor(() => expect(disabled('.jp-FrevaGPT-approve-once')).toBe('true'));
      go();
      await reaches('stopped');
      expect(shown.has('.jp-FrevaGPT-approval')).toBe(false);
      expect(server.bodies('stop')).toEqual([{ thread_id: THREAD }]);
    });

    it('waits again after a reload, and can be answered', async () => {
      await waiting([]);
      const { conversation } = shown.parts;
      expect(conversation.busy).toBe(true);
      shown.panel.dispose();
      const before = window.sessionStorage.getItem('frevagpt:place:default');
      conversation.newChat();
      window.sessionStorage.setItem('frevagpt:place:default', before ?? '');

      shown = new Shown(server);
      const then = new Promise<void>(resolve => (go = resolve));
      server.will('getthread', Response.json({ detail: 'Thread not found.' }, { status: 404 }));
      server.will('follow', {
        lines: [opening('Tidy up', 'big'), CODE, ask()],
        then,
        rest: [decided('once'), state('running'), output('gone'), state('done'), END]
      });
      server.will('approve', Response.json({ detail: 'Noted.' }));
      await shown.attach();
      void shown.parts.conversation.restore();
      await reaches('approval');
      await vi.waitFor(() =>
        expect(find('[role="log"]').textContent).toBe('FrevaGPT waits for your decision')
      );
      find('.jp-FrevaGPT-approve-once').click();
      await vi.waitFor(() => expect(server.bodies('approve')).toHaveLength(1));
      expect(server.bodies('approve')[0]).toMatchObject({ thread_id: THREAD, id: 'secret' });
      go();
      await reaches('done');
    });
  });

  describe('of a run that changed something', () => {
    const open = async (...hints: Variant[]): Promise<void> => {
      server.thread = [
        { variant: 'User', content: 'q' },
        CODE,
        output('x'),
        state('done'),
        ...hints,
        END
      ];
      await shown.parts.conversation.open(THREAD);
      await vi.waitFor(() => find('.jp-FrevaGPT-changes'));
    };

    it('lists names and files, and opens those that can be opened', async () => {
      await open(
        changes({
          changed: ['ds'],
          unknown: ['model'],
          files: [
            { path: 'out/map.png', type: 'image/png', size: 24310, change: 'created' },
            { path: '/tmp/x.nc', change: 'changed' }
          ]
        })
      );
      const text = find('.jp-FrevaGPT-changes-lists').textContent;
      expect(text).toBe(
        'CreatedtrendChangeddsUnknownmodelFilesout/map.png created, 24 kB/tmp/x.nc changed'
      );
      expect(find('[data-change="unknown"]').title).toContain('cannot be told');
      const files = [...shown.panel.node.querySelectorAll<HTMLElement>('.jp-FrevaGPT-file')];
      expect(files.map(file => file.tagName)).toEqual(['BUTTON', 'SPAN']);
      files[0].click();
      expect(shown.opened).toEqual(['out/map.png']);
    });

    it('tells only the numbers when there is much', async () => {
      await open(changes({ created: Array.from({ length: 12 }, (_, at) => `name_${at}`), deleted: ['a'] }));
      const toggle = find('.jp-FrevaGPT-changes-toggle');
      expect(toggle.textContent).toBe('12 created, 1 deleted');
      expect(shown.has('.jp-FrevaGPT-changes-lists')).toBe(false);
      toggle.click();
      await vi.waitFor(() => expect(shown.has('.jp-FrevaGPT-changes-lists')).toBe(true));
      expect(shown.has('.jp-FrevaGPT-undo')).toBe(true);
    });

    it('is not mentioned when nothing did', async () => {
      server.thread = [CODE, output('x'), changes({ created: [], undo: false }), state('done'), END];
      await shown.parts.conversation.open(THREAD);
      await reaches('done');
      const run = shown.parts.conversation.transcript.entries[0] as CodeRun;
      expect([run.changes?.empty, shown.has('.jp-FrevaGPT-changes')]).toEqual([true, false]);
    });

    it('undoes it and reports honestly', async () => {
      server.will('undo', Response.json({ ...UNDONE, ...MORE }));
      await open(changes({ changed: ['ds'], unknown: ['model'], complete: false }));
      expect(find('.jp-FrevaGPT-changes-lists').textContent).toContain('FilesNot all could be looked at.');
      find('.jp-FrevaGPT-undo').focus();
      find('.jp-FrevaGPT-undo').click();
      const report = [
        'Restored ds2.',
        'Removed trend.',
        'Not restored: ds, dt (larger than the budget for copies); du (it was changed since).',
        'Cannot vouch for: model.'
      ];
      const told = (): (string | null)[] => [...find('.jp-FrevaGPT-undone').children].map(one => one.textContent);
      await vi.waitFor(() => expect(told()).toEqual(report));
      expect(shown.has('.jp-FrevaGPT-undo')).toBe(false);
      expect(find('.jp-FrevaGPT-undone').getAttribute('role')).toBe('status');
      expect(document.activeElement).toBe(find('.jp-FrevaGPT-card-toggle'));
    });

    it('shows the report of a stored undo, and no button', async () => {
      await open(changes(), changes({ undone: { restored: [], not_restored: {}, cannot_vouch: [] } }));
      expect(find('.jp-FrevaGPT-undone').textContent).toBe('Nothing was restored.');
      expect(shown.has('.jp-FrevaGPT-undo')).toBe(false);
    });

    it('says when there is nothing left to undo', async () => {
      server.will('undo', Response.json({ detail: 'The kernel was restarted.' }, { status: 404 }));
      await open(changes());
      find('.jp-FrevaGPT-undo').click();
      await vi.waitFor(() =>
        expect(find('.jp-FrevaGPT-undone').textContent).toBe('Nothing left to undo.')
      );
      expect(shown.has('.jp-FrevaGPT-undo')).toBe(false);
    });

    it('says why it could not be undone', async () => {
      server.will('undo', Response.json({ detail: 'The kernel is busy.' }, { status: 409 }));
      await open(changes());
      find('.jp-FrevaGPT-undo').click();
      await shown.shows('Not undone: The kernel is busy.');
      expect(disabled('.jp-FrevaGPT-undo')).toBe('false');
    });
  });

  it('shows on demand what was printed beyond its output', async () => {
    server.thread = [
      { variant: 'User', content: 'q' },
      CODE,
      output('begin\n[9 more characters were printed: the whole is kept apart for the user for a while]\n'),
      state('done'),
      END
    ];
    server.will('output', Response.json({ text: 'the ', next: 4, total: 9 }));
    server.will('output', Response.json({ text: 'rest\n', next: 9, total: 9 }));
    await shown.parts.conversation.open(THREAD);
    await vi.waitFor(() => find('.jp-FrevaGPT-showAll').focus());
    find('.jp-FrevaGPT-showAll').click();
    await vi.waitFor(() => expect(find('.jp-FrevaGPT-rest-text').textContent).toBe('the rest\n'));
    await vi.waitFor(() => expect(document.activeElement).toBe(find('.jp-FrevaGPT-rest-text')));
    expect(server.bodies('output')).toEqual([
      { thread_id: THREAD, id: 'c', from: 0 },
      { thread_id: THREAD, id: 'c', from: 4 }
    ]);
    await vi.waitFor(() => expect(shown.has('.jp-FrevaGPT-showAll')).toBe(false));
  });

  it('says when the rest is gone', async () => {
    server.thread = [CODE, output('a\n[9 more characters were printed]\n'), END];
    server.will('output', Response.json({ detail: 'Gone.' }, { status: 404 }));
    await shown.parts.conversation.open(THREAD);
    await vi.waitFor(() => find('.jp-FrevaGPT-showAll').click());
    await shown.shows('The server does not have the rest any more.');
    expect(shown.has('.jp-FrevaGPT-showAll')).toBe(false);
  });
});
