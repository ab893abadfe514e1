/** Pictures that are pasted or dropped into the box, for a model that sees. */

import type * as React from 'react';

import { useParts } from './parts';

/** What the box does with them. */
export interface IPictureHandlers {
  onPaste: (event: React.ClipboardEvent) => void;
  onDragOver: (event: React.DragEvent) => void;
  onDrop: (event: React.DragEvent) => void;
}

/** Take pictures into the question; text is left to the browser. */
export function usePictures(): IPictureHandlers {
  const { draft, catalogue, shrink, trans } = useParts();
  const attach = async (files: readonly File[]): Promise<void> => {
    const model = catalogue.chosen;
    if (model?.vision === false) {
      draft.say(trans.__('%1 cannot see pictures: choose another model to send one.', model.name));
      return;
    }
    for (const file of files) {
      const name = file.name && file.name !== 'image.png' ? file.name : trans.__('pasted picture');
      try {
        if (!draft.attach({ kind: 'image', name, image: await shrink(file) })) {
          draft.say(trans.__('No more pictures go with one question: take something out first.'));
        }
      } catch {
        draft.say(trans.__('%1 is no picture that can be sent.', name));
      }
    }
  };
  return {
    onPaste: event => {
      const files = picturesOf(event.clipboardData);
      // a spreadsheet puts a picture of its cells beside their text
      if (files.length && !event.clipboardData.getData('text/plain')) {
        event.preventDefault();
        void attach(files);
      }
    },
    onDragOver: event => {
      if (event.dataTransfer.types.includes('Files')) {
        event.preventDefault();
        event.dataTransfer.dropEffect = 'copy';
      }
    },
    onDrop: event => {
      if (!event.dataTransfer.types.includes('Files')) {
        return;
      }
      event.preventDefault(); // else the browser leaves Lab for the file
      const files = picturesOf(event.dataTransfer);
      if (files.length) {
        void attach(files);
      } else {
        draft.say(trans.__('Upload the file in the file browser first, then drop it from there.'));
      }
    }
  };
}

function picturesOf(data: DataTransfer): File[] {
  return [...data.files].filter(file => file.type.startsWith('image/'));
}
