/** The outputs of a run as they are written to files: known kinds only, and nothing in them that runs or fetches. */

import type * as nbformat from '@jupyterlab/nbformat';

import type { IDisplay } from '../../api/variants';
import { textOf } from '../reader';
import { harmless } from './chat';

const IMAGES = ['image/png', 'image/jpeg', 'image/gif'];
const BASE64 = /^[A-Za-z0-9+/=\s]+$/;

// what terminals are told: colours, titles
const CODES = new RegExp(
  ['\u001b\\[[0-9;?]*[ -/]*[@-~]', '\u001b\\][^\u0007\u001b]*(?:\u0007|\u001b\\\\)'].join('|'),
  'g'
);

/** Return the text without colours. */
export function uncoloured(text: string): string {
  return text.replace(CODES, '');
}

/** Return the outputs of a run as a notebook holds them, those of one stream that follow each other as one. */
export function outputsOf(
  outputs: readonly IDisplay[],
  clean: (html: string) => string
): nbformat.IOutput[] {
  const written: nbformat.IOutput[] = [];
  for (const output of outputs) {
    const next = outputOf(output, clean);
    const last = written[written.length - 1];
    if (next?.output_type === 'stream' && last?.output_type === 'stream' && last.name === next.name) {
      last.text = joined(last.text) + joined(next.text);
    } else if (next) {
      written.push(next);
    }
  }
  return written;
}

function outputOf(output: IDisplay, clean: (html: string) => string): nbformat.IOutput | null {
  switch (output.output_type) {
    case 'stream': {
      const name = output.name === 'stderr' ? 'stderr' : 'stdout';
      return { output_type: 'stream', name, text: joined(output.text) };
    }
    case 'error': {
      const lines = Array.isArray(output.traceback) ? output.traceback.map(joined) : [];
      return {
        output_type: 'error',
        ename: joined(output.ename),
        evalue: joined(output.evalue),
        traceback: lines
      };
    }
    default: {
      const data = dataOf(output.data ?? {}, clean);
      return Object.keys(data).length ? { output_type: 'display_data', data, metadata: {} } : null;
    }
  }
}

function dataOf(given: Record<string, unknown>, clean: (html: string) => string): nbformat.IMimeBundle {
  const data: nbformat.IMimeBundle = {};
  for (const type of IMAGES) {
    const image = joined(given[type]);
    if (BASE64.test(image)) {
      data[type] = image;
    }
  }
  const made: [string, (text: string) => string][] = [
    ['text/html', clean],
    ['text/markdown', harmless],
    ['text/latex', text => text],
    ['text/plain', text => text]
  ];
  for (const [type, make] of made) {
    const text = joined(given[type]);
    if (text) {
      data[type] = make(text);
    }
  }
  return data;
}

/** The text of a value that a notebook may hold in pieces. */
export function joined(value: unknown): string {
  return Array.isArray(value) ? value.map(textOf).join('') : textOf(value);
}
