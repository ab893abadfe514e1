/** A rendermime for text and outputs that nobody vouches for. */

import {
  RenderMimeRegistry,
  type IRenderMime,
  type IRenderMimeRegistry
} from '@jupyterlab/rendermime';
import { nullTranslator, type ITranslator } from '@jupyterlab/translation';

import { harden, UntrustedSanitizer } from './sanitizer';

/** Types whose renderers run nothing and fetch nothing; the others show as the text beside them. */
const SHOWN = [
  'application/vnd.jupyter.error',
  'application/vnd.jupyter.stderr',
  'application/vnd.jupyter.stdout',
  'image/png',
  'image/jpeg',
  'image/gif',
  'image/bmp',
  'text/html',
  'text/latex',
  'text/markdown',
  'text/plain'
];

/** Nothing in the text is a file of this server. */
const NOWHERE: IRenderMime.IResolver = {
  isLocal: () => false,
  resolveUrl: url => Promise.resolve(url),
  getDownloadUrl: url => Promise.resolve(url)
};

/** Return a registry with the application's renderers of harmless types and a sanitizer of our own. */
export function untrusted(
  app: IRenderMimeRegistry,
  translator?: ITranslator
): RenderMimeRegistry {
  const parser = app.markdownParser;
  const figure = (translator ?? nullTranslator).load('jupyter_frevagpt').__('Figure');
  const registry = new RenderMimeRegistry({
    initialFactories: [],
    sanitizer: new UntrustedSanitizer(app.sanitizer),
    resolver: NOWHERE,
    latexTypesetter: app.latexTypesetter ? typesetter(app.latexTypesetter) : undefined,
    markdownParser: parser
      ? { render: (text: string) => parser.render(withoutDiagrams(text)) }
      : undefined,
    translator
  });
  for (const type of SHOWN) {
    const factory = app.getFactory(type);
    if (factory) {
      registry.addFactory(
        { ...hardened(factory, figure), mimeTypes: [type] },
        app.getRank(type) ?? factory.defaultRank
      );
    }
  }
  return registry;
}

/** Have a factory's renderers finish their nodes: harden links, which rendermime loosens, and help who cannot see. */
function hardened(
  factory: IRenderMime.IRendererFactory,
  figure: string
): IRenderMime.IRendererFactory {
  return {
    safe: factory.safe,
    mimeTypes: factory.mimeTypes,
    defaultRank: factory.defaultRank,
    createRenderer: options => {
      const renderer = factory.createRenderer(options);
      const renderModel = renderer.renderModel.bind(renderer);
      renderer.renderModel = async model => {
        await renderModel(model);
        hardenLinks(renderer.node);
        renderer.node.querySelectorAll('img:not([alt])').forEach(image => {
          image.setAttribute('alt', figure);
        });
        window.requestAnimationFrame(() => makeReachable(renderer.node));
      };
      return renderer;
    }
  };
}

/** Have formulas' links hardened too: they come after the rendering, and rendermime loosens all links once more. */
function typesetter(latex: IRenderMime.ILatexTypesetter): IRenderMime.ILatexTypesetter {
  return {
    typeset: element => {
      const typeset = Promise.resolve(latex.typeset(element));
      typeset.finally(() => window.setTimeout(() => hardenLinks(element))).catch(() => undefined);
      return typeset;
    }
  };
}

/** Harden every link below a node, and take away those that lead to its own headings. */
export function hardenLinks(node: Element): void {
  node.querySelectorAll('a.jp-InternalAnchorLink').forEach(link => link.remove());
  node.querySelectorAll('a').forEach(harden);
}

/** Let those who use no mouse scroll what is wider or higher than its place. */
function makeReachable(node: Element): void {
  for (const block of node.querySelectorAll('pre')) {
    if (block.scrollWidth > block.clientWidth || block.scrollHeight > block.clientHeight) {
      block.tabIndex = 0;
    }
  }
}

/** A diagram is drawn by a library that may fetch what the diagram names: show its source instead. */
export function withoutDiagrams(text: string): string {
  return text.replace(/((?:`{3,}|~{3,})[^\S\n]*)mermaid/gi, '$1text');
}
