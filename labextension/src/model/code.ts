/** The code inside a Code item's JSON text, readable while that text is still being written. */

const OPENING = /^\s*\{\s*"code"\s*:\s*"/;
const ESCAPES: Record<string, string> = {
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t'
};

/** Decodes `{"code":"..."}` piece by piece; a cut may fall anywhere, also inside an escape. */
export class CodeDecoder {
  /** The code as far as it is known. */
  get code(): string {
    return this._code;
  }

  /** Take the next piece of the JSON text. */
  push(piece: string): void {
    this._text += piece;
    if (this._at < 0) {
      const opening = OPENING.exec(this._text);
      if (!opening) {
        return;
      }
      this._at = opening[0].length;
    }
    this._read();
  }

  /** Take the JSON text to be complete: read it as a whole, whatever its spacing and keys are. */
  finish(): void {
    try {
      const value: unknown = JSON.parse(this._text);
      if (typeof value === 'object' && value !== null) {
        const { code } = value as { code?: unknown };
        if (typeof code === 'string') {
          this._code = code;
          return;
        }
      }
    } catch {
      // cut off by a stop or a lost model: what was decoded stays
    }
    if (this._at < 0) {
      this._code = this._text;
    }
  }

  private _read(): void {
    const text = this._text;
    let from = this._at;
    let code = '';
    while (!this._closed) {
      let end = from;
      while (end < text.length && text[end] !== '"' && text[end] !== '\\') {
        end++;
      }
      code += text.slice(from, end);
      from = end;
      if (end === text.length) {
        break;
      }
      if (text[end] === '"') {
        this._closed = true;
        break;
      }
      const length = text[end + 1] === 'u' ? 6 : 2;
      if (end + length > text.length) {
        break;
      }
      const letter = text[end + 1];
      code +=
        length === 6
          ? String.fromCharCode(parseInt(text.slice(end + 2, end + 6), 16))
          : (ESCAPES[letter] ?? letter);
      from = end + length;
    }
    this._at = from;
    this._code += code;
  }

  private _text = '';
  private _at = -1;
  private _code = '';
  private _closed = false;
}
