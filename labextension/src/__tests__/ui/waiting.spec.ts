import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { Variant } from '../../api/variants';
import { RERUN } from '../../model/errand';
import { ask, code, decided, END, opening, output, state, STOPPED, THREAD } from '../hints';
import { Shown } from '../panel';
import { FakeServer } from '../server';

const WAITS = 'Your cell is running; this starts when it has finished.';

describe('the panel', () => {
  let server: FakeServer;
  let shown: Shown;
  let go: () => void;

  const find = <T extends HTMLElement>(selector: string): T => shown.find<T>(selector);
  const spoken = (): string | null => find('[role="log"]').textContent;

  /** Ask a question whose answer stops behind these lines; `go` lets it go on. */
  function during(lines: Variant[], rest: Variant[]): void {
    const then = new Promise<void>(resolve => (go = resolve));
    server.will('streamresponse', { lines: [opening(), code('x = 1'), ...lines], then, rest });
    void shown.parts.conversation.send('q');
  }

  beforeEach(async () => {
    window.sessionStorage.clear();
    window.localStorage.clear();
    server = new FakeServer();
    shown = new Shown(server);
    await shown.attach();
  });

  afterEach(() => shown.dispose());

  describe("while code waits for the user's cell", () => {
    it('says so, also to who does not see it', async () => {
      during([state('waiting')], [state('running'), output('x'), state('done'), END]);
      await vi.waitFor(() => expect(find('.jp-FrevaGPT-wait span').textContent).toBe(WAITS));
      await vi.waitFor(() => expect(spoken()).toBe(WAITS));
      expect(find('.jp-FrevaGPT-activity').textContent).toBe('');
      go();
      await vi.waitFor(() => expect(shown.has('.jp-FrevaGPT-wait')).toBe(false));
    });

    it('says that it is another run of ours where it is, until it is the cell', async () => {
      const ours = { id: 'c', state: 'waiting' as const, kernel_id: 'k', reason: 'assistant' };
      const waits: Variant = { variant: 'ServerHint', content: { run: ours } };
      during([waits], [state('waiting'), state('running'), output('x'), state('done'), END]);
      await vi.waitFor(() =>
        expect(find('.jp-FrevaGPT-wait span').textContent).toContain('Another run of FrevaGPT')
      );
      expect(find('.jp-FrevaGPT-card-state').textContent).toBe('Waiting for another run');
      await vi.waitFor(() => expect(spoken()).toContain('Another run of FrevaGPT'));
      go();
      await vi.waitFor(() => expect(shown.has('.jp-FrevaGPT-wait')).toBe(false));
    });

    it('can be cancelled, once, and keeps the focus in the card', async () => {
      during([state('waiting')], [output('Stopped.'), state('stopped'), STOPPED]);
      await vi.waitFor(() => find('.jp-FrevaGPT-cancel').focus());
      find('.jp-FrevaGPT-cancel').click();
      await vi.waitFor(() => expect(find('.jp-FrevaGPT-cancel').textContent).toBe('Cancelling'));
      find('.jp-FrevaGPT-cancel').click();
      expect(document.activeElement).toBe(find('.jp-FrevaGPT-cancel'));
      expect(server.bodies('stop')).toEqual([{ thread_id: THREAD }]);
      go();
      await vi.waitFor(() => expect(shown.has('.jp-FrevaGPT-wait')).toBe(false));
      expect(find('.jp-FrevaGPT-card').dataset.state).toBe('stopped');
      expect(document.activeElement).toBe(find('.jp-FrevaGPT-card-toggle'));
    });

    it('can be cancelled again when the server did not hear it', async () => {
      server.will('stop', Response.json({ detail: 'Down for a minute.' }, { status: 503 }));
      during([state('waiting')], [STOPPED]);
      await vi.waitFor(() => find('.jp-FrevaGPT-cancel').click());
      await shown.shows('Down for a minute.');
      const again = find('.jp-FrevaGPT-cancel');
      expect([again.textContent, again.getAttribute('aria-disabled')]).toEqual(['Cancel', 'false']);
    });
  });

  it('tells what goes on although a remark came in the middle', async () => {
    const notice: Variant = { variant: 'ServerHint', content: { notice: { text: 'It goes on.' } } };
    during([state('running'), notice], [output('x'), state('stopped'), END]);
    await shown.shows('It goes on.');
    await vi.waitFor(() => expect(spoken()).toBe('Running'));
    expect(find('.jp-FrevaGPT-activity').textContent).toBe('');
    go();
    await vi.waitFor(() => expect(spoken()).toBe('Finished'));
    expect(find('.jp-FrevaGPT-card').dataset.state).toBe('stopped');
  });

  describe('with code that ran', () => {
    const stored = [{ variant: 'User', content: 'q' } as Variant, code('x'), output('x'), state('done')];

    it('offers to run it again, and what runs may ask', async () => {
      expect(shown.has('.jp-FrevaGPT-rerun')).toBe(false);
      server.thread = stored;
      await shown.parts.conversation.open(THREAD);
      const then = new Promise<void>(resolve => (go = resolve));
      const again = [opening(RERUN.text, RERUN.model), code('x = 1', 'd'), ask({ call: 'd' })];
      server.will('rerun', { lines: again, then, rest: [decided('once'), END] });
      await vi.waitFor(() => find('[aria-label="Run the code of this chat again"]').click());
      await shown.shows('May this code run?');
      await shown.shows('Run the code of this chat again.');
      const button = find('.jp-FrevaGPT-rerun');
      await vi.waitFor(() => expect(button.getAttribute('aria-disabled')).toBe('true'));
      button.click();
      expect(server.bodies('rerun')).toHaveLength(1);
      go();
      await vi.waitFor(() => expect(button.getAttribute('aria-disabled')).toBe('false'));
    });

    it('recalls what the user typed, not what ran again', async () => {
      server.thread = [...stored, { variant: 'User', content: RERUN.text, model: RERUN.model }];
      await shown.parts.conversation.open(THREAD);
      const box = find<HTMLTextAreaElement>('textarea');
      box.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowUp', bubbles: true }));
      expect(shown.parts.draft.text).toBe('q');
    });
  });
});
