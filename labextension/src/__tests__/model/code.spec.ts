import { describe, expect, it } from 'vitest';

import { CodeDecoder } from '../../model/code';

const CODES = [
  'print(1)',
  'x = "a\\n\\t\\"b\\""\nfor t in y:\n\tprint(f"{t} \\\\n")',
  's = "°C 🌡 \u2028 \u0000 \\ud83d"\r\n',
  '{"code": "nested"}',
  ''
];

describe('CodeDecoder', () => {
  it.each(CODES)('decodes %j, whatever character it is cut at', code => {
    for (const json of [JSON.stringify({ code }), ascii({ code })]) {
      for (let at = 0; at <= json.length; at++) {
        const decoder = new CodeDecoder();
        decoder.push(json.slice(0, at));
        expect(code.startsWith(decoder.code)).toBe(true);
        decoder.push(json.slice(at));
        expect(decoder.code).toBe(code);
        decoder.finish();
        expect(decoder.code).toBe(code);
      }
    }
  });

  it('decodes one character at a time', () => {
    const decoder = new CodeDecoder();
    for (const letter of ascii({ code: CODES[2] })) {
      decoder.push(letter);
    }
    expect(decoder.code).toBe(CODES[2]);
  });

  it('ignores what follows the code', () => {
    const decoder = new CodeDecoder();
    decoder.push('{"code":"a","other":"b"}');
    expect(decoder.code).toBe('a');
  });

  it('reads other keys and spacing once the text is whole', () => {
    const decoder = new CodeDecoder();
    decoder.push('{ "why": "x", "code" : "y" }');
    expect(decoder.code).toBe('');
    decoder.finish();
    expect(decoder.code).toBe('y');
  });

  it('keeps what was decoded of a text that was cut off', () => {
    const decoder = new CodeDecoder();
    decoder.push('{"code":"time.sleep(\\u00');
    decoder.finish();
    expect(decoder.code).toBe('time.sleep(');
  });

  it('shows a text that is no JSON as it is', () => {
    const decoder = new CodeDecoder();
    decoder.push('print(1)');
    decoder.finish();
    expect(decoder.code).toBe('print(1)');
  });
});

function ascii(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    letter => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`
  );
}
