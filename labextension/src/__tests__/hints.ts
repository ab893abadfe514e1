/** Lines as a server would write them. */

import type { IApprovalHint, IChangesHint } from '../api/review';
import type { IDisplay, RunState, Variant } from '../api/variants';

export const THREAD = 't'.repeat(32);
export const END: Variant = { variant: 'StreamEnd', content: 'Finished.' };
export const ERROR: Variant = { variant: 'StreamEnd', content: 'Error.' };
export const STOPPED: Variant = { variant: 'StreamEnd', content: 'Stopped.' };

export function opening(question?: string, model?: string, running = true): Variant {
  return { variant: 'ServerHint', content: { thread_id: THREAD, running, question, model } };
}

export function text(content: string): Variant {
  return { variant: 'Assistant', content };
}

export function code(text: string, id = 'c'): Variant {
  return { variant: 'Code', content: JSON.stringify({ code: text }), id };
}

export function ask(more: Partial<IApprovalHint> = {}): Variant {
  const approval: IApprovalHint = {
    id: 'secret',
    call: 'c',
    code: "shutil.rmtree('out')",
    standing: true,
    reasons: [{ kind: 'files', text: "Deletes files: shutil.rmtree('out').", line: 1 }],
    source: '',
    ...more
  };
  return { variant: 'ServerHint', content: { approval } };
}

export function decided(decision: 'once' | 'thread' | 'deny', reason = ''): Variant {
  return { variant: 'ServerHint', content: { approval: { id: '', call: 'c', decision, reason } } };
}

export function state(told: RunState): Variant {
  return { variant: 'ServerHint', content: { run: { id: 'c', state: told, kernel_id: 'k' } } };
}

export function output(content: string, display?: IDisplay[]): Variant {
  return { variant: 'CodeOutput', content, id: 'c', ...(display ? { display } : {}) };
}

export function changes(more: Partial<IChangesHint> = {}): Variant {
  return {
    variant: 'ServerHint',
    content: { changes: { id: 'c', undo: true, created: ['trend'], ...more } }
  };
}
