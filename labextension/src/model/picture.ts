/** Pictures made small enough to be sent: PNG or JPEG, within a limit of pixels and of bytes. */

/** The longer side, in pixels; models look at less. */
const LONGEST = 1568;
/** In characters of base64. */
const MOST = 1_900_000;
const QUALITIES = [0.9, 0.75, 0.5];

/** Return a picture that the browser can show as a PNG or JPEG in base64; rejects what is none. */
export async function shrink(blob: Blob): Promise<string> {
  const bitmap = await createImageBitmap(blob);
  try {
    const factor = Math.min(1, LONGEST / Math.max(bitmap.width, bitmap.height));
    const canvas = document.createElement('canvas');
    canvas.width = Math.max(1, Math.round(bitmap.width * factor));
    canvas.height = Math.max(1, Math.round(bitmap.height * factor));
    const context = canvas.getContext('2d');
    if (!context) {
      throw new Error('There is nothing to draw on.');
    }
    context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    const png = contentOf(canvas.toDataURL('image/png'));
    if (png.length <= MOST) {
      return png;
    }
    // a photograph has no transparency, and what has becomes white instead of black
    context.globalCompositeOperation = 'destination-over';
    context.fillStyle = '#fff';
    context.fillRect(0, 0, canvas.width, canvas.height);
    for (const quality of QUALITIES) {
      const jpeg = contentOf(canvas.toDataURL('image/jpeg', quality));
      if (jpeg.length <= MOST) {
        return jpeg;
      }
    }
    throw new Error('The picture is too large.');
  } finally {
    bitmap.close();
  }
}

function contentOf(address: string): string {
  return address.slice(address.indexOf(',') + 1);
}

/** The address of a picture that is sent along, "" for what is none. */
export function addressOf(image: string): string {
  const kind = image.startsWith('/9j/') ? 'jpeg' : image.startsWith('iVBORw0KGgo') ? 'png' : '';
  return kind && /^[A-Za-z0-9+/]+=*$/.test(image) ? `data:image/${kind};base64,${image}` : '';
}
