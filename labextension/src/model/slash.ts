/** The commands that can be typed into the box: a word behind a slash. */

/** A command of the box. */
export interface ISlash {
  /** The word behind the slash. */
  name: string;
  help: string;
  /** Whether it can be used now. */
  enabled(): boolean;
  run(): void;
}

/** Knows the commands that can be used now. */
export class Slashes {
  constructor(private readonly _all: readonly ISlash[]) {}

  get usable(): readonly ISlash[] {
    return this._all.filter(one => one.enabled());
  }

  /** Those that begin with what was typed behind the slash. */
  find(query: string): readonly ISlash[] {
    return this.usable.filter(one => one.name.startsWith(query.toLowerCase()));
  }

  /** The command that a text is, nothing but it. */
  named(text: string): ISlash | undefined {
    const word = /^\/(\w+)$/.exec(text.trim())?.[1].toLowerCase();
    return this.usable.find(one => one.name === word);
  }
}
