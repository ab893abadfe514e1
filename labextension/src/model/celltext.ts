/** A cell in words: a short mark of its source, and its outputs as text. */

import type * as nbformat from '@jupyterlab/nbformat';

import { fitting } from './chips';
import { uncoloured } from './export/outputs';

/** Return a mark that another text has not, but for rare luck (FNV-1a, twice 32 bits). */
export function hashOf(text: string): string {
  let one = 0x811c9dc5;
  let two = 0x01000193;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    one = Math.imul(one ^ code, 0x01000193);
    two = Math.imul(two ^ (code + at), 0x85ebca6b);
  }
  const digits = (part: number): string => (part >>> 0).toString(16).padStart(8, '0');
  return digits(one) + digits(two).slice(0, 4);
}

/** Return what a cell printed, showed and raised, as text no longer than that. */
export function outputText(outputs: readonly nbformat.IOutput[], most: number): string {
  return fitting(outputs.map(textOf).filter(Boolean).join('\n'), most);
}

/** Return the error that a cell raised, null where it raised none. */
export function errorOf(outputs: readonly nbformat.IOutput[]): string | null {
  const raised = outputs.filter(output => output.output_type === 'error');
  return raised.length ? raised.map(textOf).join('\n') : null;
}

function textOf(output: nbformat.IOutput): string {
  switch (output.output_type) {
    case 'stream':
      return uncoloured(joined(output.text)).replace(/\n$/, '');
    case 'error': {
      const lines = Array.isArray(output.traceback) ? output.traceback.map(joined) : [];
      const text = lines.length ? lines.join('\n') : `${joined(output.ename)}: ${joined(output.evalue)}`;
      return uncoloured(text);
    }
    default: {
      const data = (output.data ?? {}) as Record<string, unknown>;
      const picture = Object.keys(data).some(type => type.startsWith('image/'));
      const text = joined(data['text/plain']) || joined(data['text/markdown']);
      return [uncoloured(text), picture ? '[a picture]' : ''].filter(Boolean).join('\n');
    }
  }
}

function joined(value: unknown): string {
  if (Array.isArray(value)) {
    return value.map(joined).join('');
  }
  return typeof value === 'string' ? value : '';
}
