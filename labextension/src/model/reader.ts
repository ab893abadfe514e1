/** Reading values that a kernel or a stored thread had a say in: what is not as expected is left out. */

/** The text, or none. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** The texts of a list. */
export function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];
}

/** The objects of a list. */
export function objectsOf(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value)
    ? value.filter((one): one is Record<string, unknown> => typeof one === 'object' && one !== null)
    : [];
}

/** A name, and why it is told; empty when no reason is given. */
export type Named = readonly [name: string, why: string];

/** The names of a list, or of an object that holds a reason for each. */
export function namedOf(value: unknown): Named[] {
  if (Array.isArray(value) || typeof value !== 'object' || value === null) {
    return textsOf(value).map(name => [name, '']);
  }
  return Object.entries(value).map(([name, why]) => [name, textOf(why)]);
}

/** The number, if it is one. */
export function numberOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}
