/** What jsdom lacks of a browser, and Lab's packages touch when they are imported. */

const page = globalThis as unknown as Record<string, unknown>;

page.DragEvent ??= class DragEvent extends MouseEvent {};
page.ResizeObserver ??= class ResizeObserver {
  observe(): void {}
  unobserve(): void {}
  disconnect(): void {}
};
page.matchMedia ??= () => ({ matches: false, addEventListener: () => {}, removeEventListener: () => {} });
page.requestIdleCallback ??= (callback: () => void) => window.setTimeout(callback, 0);
Object.assign(document, { queryCommandSupported: () => false });
Object.assign(Range.prototype, { getClientRects: () => [] });

export {};
