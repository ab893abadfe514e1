/** The browser's own dialog for files. */

/** Let the user choose files of these kinds; none when the dialog is left. */
export function chosenFiles(kinds: string): Promise<File[]> {
  return new Promise(resolve => {
    const input = document.createElement('input');
    input.type = 'file';
    input.accept = kinds;
    input.multiple = true;
    input.hidden = true;
    const done = (files: File[]): void => {
      input.remove();
      resolve(files);
    };
    input.addEventListener('change', () => done([...(input.files ?? [])]));
    input.addEventListener('cancel', () => done([]));
    document.body.append(input); // outside of the page it could be collected before the user has chosen
    input.click();
  });
}
