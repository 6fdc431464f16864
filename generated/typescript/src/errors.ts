// Copied from scripts/typescript/runtime/errors.ts by `make generate`; edit that.
/** What the client throws: `AlphaEdgeError` and its subclasses. */

import { isObject, type Json } from "./json.js";

/** Every error of this client; as itself, wrong configuration such as a missing API key. */
export class AlphaEdgeError extends Error {
  override name = "AlphaEdgeError";
}

/** A call that failed, with or without an answer; not a mistake of the program. */
export class APIError extends AlphaEdgeError {
  override name = "APIError";
}

/** No answer came, or it broke off. `cause` is what `fetch` threw. */
export class APIConnectionError extends APIError {
  override name = "APIConnectionError";
}

/** The server took longer than `timeout` to send the next bytes, or to accept the connection. */
export class APITimeoutError extends APIConnectionError {
  override name = "APITimeoutError";
}

/** What came from the server, without the API key. */
export interface APIResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly content: string;
  /** `content` as JSON; undefined if it is not valid JSON. */
  readonly body: Json | undefined;
  /** What the operator of the server needs to find this request: the `x-request-id` header. */
  readonly requestId: string | undefined;
}

/** The server answered, and the answer is the error. */
class ErrorWithResponse extends APIError {
  /** The HTTP status. */
  readonly status: number;
  /** The response headers. */
  readonly headers: Headers;
  /** The text of the answer, or of the event, that is at fault. */
  readonly content: string;
  /** `content` as JSON; undefined if it is not valid JSON. */
  readonly body: Json | undefined;
  /** The server's class of the error. */
  readonly type: string | undefined;
  /** The request's member that is at fault, if the server names one. */
  readonly param: string | undefined;
  /** The server's short name of the error. */
  readonly code: string | undefined;

  constructor(message: string, response: APIResponse) {
    super(message);
    this.status = response.status;
    this.headers = response.headers;
    this.content = response.content;
    this.body = response.body;
    const { type, param, code } = details(this.body);
    this.type = text(type);
    this.param = text(param);
    this.code = text(code);
  }

  /** What the operator of the server needs to find this request: the `x-request-id` header. */
  get requestId(): string | undefined {
    return requestId(this.headers);
  }

  /** The answer itself. */
  get response(): APIResponse {
    const { status, headers, content, body, requestId } = this;
    return { status, headers, content, body, requestId };
  }
}

/** The server answered with another status than 2xx; the subclasses name the common ones. */
export class APIStatusError extends ErrorWithResponse {
  override name = "APIStatusError";
}

/** 400: the request is invalid; `param` may name the member. */
export class BadRequestError extends APIStatusError {
  override name = "BadRequestError";
}

/** 401: the API key is missing or wrong. */
export class AuthenticationError extends APIStatusError {
  override name = "AuthenticationError";
}

/** 403: the key is right, and may not do this. */
export class PermissionDeniedError extends APIStatusError {
  override name = "PermissionDeniedError";
}

/** 404: no such model, or a `baseURL` that leads elsewhere. */
export class NotFoundError extends APIStatusError {
  override name = "NotFoundError";
}

/** 409: the request conflicts with another one; thrown after the retries. */
export class ConflictError extends APIStatusError {
  override name = "ConflictError";
}

/** 422: the request is well-formed and invalid; `param` may name the member. */
export class UnprocessableEntityError extends APIStatusError {
  override name = "UnprocessableEntityError";
}

/** 429: too many requests or tokens; thrown after the retries. */
export class RateLimitError extends APIStatusError {
  override name = "RateLimitError";
}

/** 5xx: the server or a gateway before it failed; thrown after the retries. */
export class InternalServerError extends APIStatusError {
  override name = "InternalServerError";
}

/** The status says success, and the body is not what it should be: no JSON, no object, or an error. */
export class APIResponseError extends ErrorWithResponse {
  override name = "APIResponseError";
}

/** A stream reported an error, held what is no chunk, or ended without `[DONE]`: what came before it may be cut. */
export class APIStreamError extends APIResponseError {
  override name = "APIStreamError";
}

type Kind<E> = new (message: string, response: APIResponse) => E;

const BY_STATUS: Readonly<Record<number, Kind<APIStatusError>>> = {
  400: BadRequestError,
  401: AuthenticationError,
  403: PermissionDeniedError,
  404: NotFoundError,
  409: ConflictError,
  422: UnprocessableEntityError,
  429: RateLimitError,
};

const HINTS: Readonly<Record<number, string>> = {
  401: "check apiKey or ALPHAEDGE_API_KEY",
  405: "check baseURL",
  413: "send a shorter conversation",
};

/** The error of a status that is not 2xx; `notes` say what to do about it. */
export function refused(where: string, response: APIResponse, notes: readonly string[]): APIStatusError {
  const { status, headers, content, body } = response;
  const hint = status === 404 ? whatIsNotFound(body) : HINTS[status];
  const id = requestId(headers);
  const advice = [...(hint ? [hint] : []), ...notes, ...(id ? [`request id ${id}`] : [])];
  const sentence = said(body) ?? (quoted(content) || "no body");
  const kind = BY_STATUS[status] ?? (status >= 500 ? InternalServerError : APIStatusError);
  return new kind(`${status} from ${where}: ${sentence}${advice.length ? ` (${advice.join("; ")})` : ""}`, response);
}

/** The error of a successful status whose body is not what it should be; quotes what is at fault. */
export function unexpectedBodyError<E>(kind: Kind<E>, where: string, response: APIResponse, what: string): E {
  const shown = said(response.body) ?? quoted(response.content);
  const id = requestId(response.headers);
  return new kind(
    `${response.status} from ${where}: ${what}${shown ? `: ${shown}` : ""}${id ? ` (request id ${id})` : ""}`,
    response,
  );
}

/** What to check about a 404; nothing where the server says that something else is at fault. */
function whatIsNotFound(body: Json | undefined): string | undefined {
  const { param, code } = details(body);
  const sentence = said(body);
  if (/model/i.test([param, code, sentence].join())) return "check the model and baseURL";
  const isAboutPath = !sentence || (!param && /not.?found|nothing|route|path|url|endpoint/i.test(sentence));
  return isAboutPath ? "check baseURL" : undefined;
}

/** The server's own sentence in the JSON of an error, of whatever shape. */
function said(body: Json | undefined): string | undefined {
  const error = details(body);
  const sentence = error["message"] || error["detail"] || error["error"] || error["msg"] || body;
  return typeof sentence === "string" && sentence ? sentence : undefined;
}

/** The object that describes the error: `error` where that is an object, else the whole. */
function details(body: Json | undefined): Readonly<Record<string, Json>> {
  if (!isObject(body)) return {};
  return isObject(body["error"]) ? body["error"] : body;
}

export function requestId(headers: Headers): string | undefined {
  return headers.get("x-request-id") ?? headers.get("request-id") ?? undefined;
}

function text(value: Json | undefined): string | undefined {
  if (value === undefined || value === null) return undefined;
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Characters of an answer that a message quotes. */
const SHOWN = 200;

function quoted(content: string): string {
  const line = content
    .slice(0, 4 * SHOWN)
    .trim()
    .replace(/\s+/g, " ");
  return line && JSON.stringify(line.length > SHOWN ? `${line.slice(0, SHOWN)}…` : line);
}
