import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { Variant } from '../../api/variants';
import { ask, decided, END, opening } from '../hints';
import { Shown } from '../panel';
import { FakeServer } from '../server';

const CALL: Variant = { variant: 'ToolCall', content: '{"n":1}', tool_name: 'site_count', id: 'call_1' };
const OUTPUT: Variant = { variant: 'ToolOutput', content: 'one', tool_name: 'site_count', id: 'call_1' };

describe('the card of a tool of another server', () => {
  let server: FakeServer;
  let shown: Shown;
  let go: () => void;
  const find = <T extends HTMLElement>(selector: string): T => shown.find<T>(selector);

  async function until(line: Variant, rest: Variant[]): Promise<void> {
    const then = new Promise<void>(resolve => (go = resolve));
    server.will('streamresponse', { lines: [opening(), CALL, line], then, rest });
    void shown.parts.conversation.send('Count');
    await vi.waitFor(() => expect(find('.jp-FrevaGPT-tool').dataset.callId).toBe('call_1'));
  }

  beforeEach(async () => {
    window.sessionStorage.clear();
    window.localStorage.clear();
    server = new FakeServer();
    shown = new Shown(server);
    await shown.attach();
  });

  afterEach(() => shown.dispose());

  it('tells how far the tool is, until it has answered', async () => {
    const hint = { progress: { id: 'call_1', text: '1 of 3: counting' } };
    await until({ variant: 'ServerHint', content: hint }, [OUTPUT, END]);
    await vi.waitFor(() =>
      expect(find('.jp-FrevaGPT-tool-summary').textContent).toBe('1 of 3: counting')
    );
    go();
    await vi.waitFor(() => expect(find('.jp-FrevaGPT-tool').dataset.state).toBe('done'));
    expect(shown.panel.node.querySelector('.jp-FrevaGPT-tool-summary')).toBeNull();
  });

  it('asks whether the tool may be used', async () => {
    const hint = ask({ call: 'call_1', code: 'site_count({\n  "n": 1\n})' });
    await until(hint, [decided('once'), OUTPUT, END]);
    await vi.waitFor(() => expect(find('.jp-FrevaGPT-tool').dataset.state).toBe('approval'));
    expect(find('.jp-FrevaGPT-approval-title').textContent).toBe('May this tool be used?');
    expect(find('.jp-FrevaGPT-approval').textContent).toContain('Use once');
    await vi.waitFor(() => expect(find('.jp-FrevaGPT-card-code').textContent).toContain('site_count'));
    go();
    await vi.waitFor(() => expect(find('.jp-FrevaGPT-tool').dataset.state).toBe('done'));
  });
});
