/** A text as a file that the browser saves. */

/** Save a text under a name. */
export function saved(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  document.body.appendChild(link);
  link.click();
  link.remove();
  // the download has taken it by then
  window.setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
