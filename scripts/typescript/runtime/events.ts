/**
 * Server-sent events as WHATWG defines them, from bytes cut anywhere to the data of each event.
 *
 * https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 */

export interface ServerSentEvent {
  /** What `event:` says; empty where it says nothing. */
  readonly name: string;
  readonly data: string;
}

/** Gives each event as soon as its last byte is there. */
export class EventDecoder {
  readonly #utf8 = new TextDecoder(); // keeps half a character for later, and drops a byte order mark
  #line: string[] = []; // the pieces of the line whose end has not come; joined once, as each join copies all of them
  #first = ""; // its first character
  #name = "";
  #data: string[] = [];
  #isAfterCR = false;
  #isSilent = true;

  /** Whether the last piece held comments and blank lines alone, which keep a connection open and say nothing. */
  get isSilent(): boolean {
    return this.#isSilent;
  }

  *feed(piece: Uint8Array): Generator<ServerSentEvent, void, undefined> {
    let text = this.#utf8.decode(piece, { stream: true });
    this.#isSilent = false;
    if (!text) return;
    if (this.#isAfterCR && text.startsWith("\n")) text = text.slice(1);
    // The piece may end between the CR and the LF of one end of line.
    this.#isAfterCR = text ? text.endsWith("\r") : false;
    const lines = text.split(/\r\n|\r|\n/);
    const firsts = lines.map((line) => line.charAt(0));
    firsts[0] = this.#first || (firsts[0] ?? "");
    this.#isSilent = firsts.every((first) => !first || first === ":");
    this.#first = firsts.at(-1) ?? "";
    const rest = lines.pop() ?? "";
    if (lines.length) {
      lines[0] = [...this.#line, lines[0]].join("");
      this.#line = [];
    }
    this.#line.push(rest);
    for (const line of lines) {
      if (line) {
        this.#take(line);
      } else {
        const event = this.#dispatch();
        if (event) yield event;
      }
    }
  }

  /** What the stream holds of an event that is not finished; it may be cut. */
  end(): ServerSentEvent | undefined {
    const line = this.#line.join("");
    if (line) this.#take(line);
    return this.#dispatch();
  }

  #take(line: string): void {
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    if (field === "data") this.#data.push(value);
    else if (field === "event") this.#name = value;
  }

  #dispatch(): ServerSentEvent | undefined {
    const event = { name: this.#name, data: this.#data.join("\n") };
    this.#name = "";
    this.#data = [];
    return event.data ? event : undefined;
  }
}
