// Copied from scripts/typescript/runtime/retry.ts by `make generate`; edit that.
/** Whether to try again, and after how long. */

/** A server that asks for a longer pause than this, in milliseconds, is not asked again: the program should know. */
const LONGEST_ASKED = 60_000;

export function isWorthRetrying(status: number): boolean {
  return status === 408 || status === 409 || status === 429 || status >= 500;
}

/**
 * The milliseconds to wait after this try, counted from 1; undefined where the server asks for too long a pause.
 *
 * 500 ms, doubled each time, 8 s at most, less up to a quarter by chance, unless the server names a time.
 */
export function delay(tries: number, headers?: Headers): number | undefined {
  const asked = headers && askedFor(headers);
  if (asked !== undefined) return asked <= LONGEST_ASKED ? asked : undefined;
  return Math.min(8000, 500 * 2 ** (tries - 1)) * (1 - Math.random() / 4);
}

/** The milliseconds of `retry-after-ms` or `Retry-After`, which may be a date; undefined where it says nothing of use. */
export function askedFor(headers: Headers): number | undefined {
  for (const [name, unit] of [
    ["retry-after-ms", 1],
    ["retry-after", 1000],
  ] as const) {
    const value = headers.get(name)?.trim();
    if (value && Number(value) >= 0) return Number(value) * unit;
  }
  const date = headers.get("retry-after") ?? "";
  // `Date.parse` makes a date of almost anything, such as "-1"; a date of HTTP has a time.
  const then = /\d\d:\d\d:\d\d/.test(date) ? Date.parse(date) : NaN;
  return Number.isNaN(then) ? undefined : Math.max(0, then - Date.now());
}
