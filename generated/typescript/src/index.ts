export { AlphaEdge, VERSION } from "./client.js";
export {
  AlphaEdgeError,
  APIConnectionError,
  APIError,
  APIResponseError,
  APIStatusError,
  APIStreamError,
  APITimeoutError,
  AuthenticationError,
  BadRequestError,
  ConflictError,
  InternalServerError,
  NotFoundError,
  PermissionDeniedError,
  RateLimitError,
  UnprocessableEntityError,
} from "./errors.js";
export type { APIResponse } from "./errors.js";
export type { Json, JsonObject } from "./json.js";
export { RawResponse } from "./raw.js";
export { Stream } from "./stream.js";
export type { ClientOptions, Fetch, Query, RequestOptions } from "./transport.js";
export type {
  AssistantMessage,
  ChatCompletion,
  ChatCompletionChunk,
  ChatCompletionRequest,
  ChatMessage,
  Choice,
  ChunkChoice,
  Delta,
  ErrorResponse,
  FinishReason,
  Usage,
} from "./types.js";
