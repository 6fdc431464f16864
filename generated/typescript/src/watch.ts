// Copied from scripts/typescript/runtime/watch.ts by `make generate`; edit that.
/** The longest that `setTimeout` can wait, in milliseconds; it takes more for no time at all. */
const LONGEST = 2 ** 31 - 1;

/** Ends a request when the server is silent for too long, or when the program's own signal says so. */
export class Watch {
  readonly #controller = new AbortController();
  readonly #timeout: number;
  readonly #outer: AbortSignal | undefined;
  readonly #relay = (): void => this.#controller.abort(this.#outer?.reason);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isLate = false;

  constructor(timeout: number, outer?: AbortSignal) {
    this.#timeout = timeout;
    this.#outer = outer;
    if (outer?.aborted) this.#relay();
    else outer?.addEventListener("abort", this.#relay);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Whether it ended the request because the server was silent. */
  get isLate(): boolean {
    return this.#isLate;
  }

  /** Whether the program's signal ended the request, and with what reason. */
  get isEndedByProgram(): boolean {
    return this.#outer?.aborted ?? false;
  }

  get reason(): unknown {
    return this.#outer?.reason;
  }

  /** Waits for the server from now on. */
  start(timeout = this.#timeout): void {
    clearTimeout(this.#timer);
    if (timeout > LONGEST) return;
    this.#timer = setTimeout(() => {
      this.#isLate = true;
      this.#controller.abort();
    }, timeout);
  }

  /** Waits for the program, which may take as long as it likes. */
  stop(): void {
    clearTimeout(this.#timer);
  }

  /** Ends the request, if it is still under way, and forgets the program's signal, which may live for long. */
  close(): void {
    this.stop();
    this.#outer?.removeEventListener("abort", this.#relay);
    this.#controller.abort();
  }
}
