// Copied from scripts/typescript/runtime/environment.ts by `make generate`; edit that.
/** What the program runs in: Node has variables, a browser has none. */

const { process } = globalThis as {
  process?: { env?: Readonly<Record<string, string | undefined>>; versions?: { node?: string } };
};

/** A variable of the environment; undefined where it is empty. */
export function environment(name: string): string | undefined {
  return process?.env?.[name] || undefined;
}

/** Browsers let no program name itself, or ask the server for leave first. */
export const IS_NODE = process?.versions?.node !== undefined;
