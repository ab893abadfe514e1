import { describe, expect, it } from 'vitest';

import { toOutput } from '../../ui/outputs';

const TYPES = ['image/png', 'text/html', 'text/plain'];

describe('toOutput', () => {
  it('joins the lines of a stream and keeps its name', () => {
    const output = { output_type: 'stream', name: 'stderr', text: ['a\n', 'b'] };
    expect(toOutput(output, TYPES)).toEqual({ ...output, text: 'a\nb' });
  });

  it('keeps of a bundle what can be shown, and of its metadata the size', () => {
    const output = toOutput(
      {
        output_type: 'execute_result',
        execution_count: 3,
        data: { 'image/png': 'iVBOR', 'application/javascript': 'x()', 'text/plain': ['a', 'b'] },
        metadata: {
          isolated: true,
          'image/png': { width: 10, height: 'x', unconfined: true },
          'text/html': { isolated: true },
          frevagpt: { image: 'c_0' }
        }
      },
      TYPES
    );
    expect(output).toEqual({
      output_type: 'display_data',
      data: { 'image/png': 'iVBOR', 'text/plain': 'ab' },
      metadata: { 'image/png': { width: 10 } }
    });
  });

  it('names the types of a bundle that cannot be shown', () => {
    const output = { output_type: 'display_data', data: { 'application/javascript': 'x()' } };
    expect(toOutput(output, TYPES).data).toEqual({ 'text/plain': '(application/javascript)' });
  });

  it('keeps a traceback', () => {
    const output = { output_type: 'error', ename: 'E', evalue: 'v', traceback: ['t'] };
    expect(toOutput(output, TYPES)).toEqual(output);
  });
});
