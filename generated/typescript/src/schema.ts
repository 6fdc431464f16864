// Made from openapi.yaml by `make generate`; edit that.
/** The contract as types, made by openapi-typescript. */

export interface paths {
  "/v1/chat/completions": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Create a chat completion
     * @description This endpoint allows you to have a conversation with the model by sending a series of messages.
     */
    post: operations["createChatCompletion"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
}
export type webhooks = Record<string, never>;
export interface components {
  schemas: {
    /** @description A conversation and how to continue it. */
    ChatCompletionRequest: {
      /**
       * @description ID of the model to use. Source: the page.
       * @example alphaedge-large-3-2512
       */
      model: string;
      /** @description A list of messages comprising the conversation so far. At least 1 item. Source: the page. */
      messages: components["schemas"]["ChatMessage"][];
      /** @description The maximum number of tokens to generate in the chat completion. At least 1. Source: the page. */
      max_tokens?: number;
      /**
       * @description What sampling temperature to use, between 0 and 2. From 0 to 2. Source: the page.
       * @default 1
       */
      temperature?: number;
      /**
       * @description Whether to stream back partial progress. Source: the page.
       * @default false
       */
      stream?: boolean;
    };
    /** @description One message of the conversation. */
    ChatMessage:
      | {
          /**
           * @description Who speaks. Source: the page.
           * @enum {string}
           */
          role: "system" | "user" | "assistant";
          /** @description What is said; any Unicode text, and possibly none. Source: the page. */
          content: string;
        }
      | components["schemas"]["AssistantMessage"];
    /** @description A completion of the conversation. */
    ChatCompletion: {
      /** @description A unique identifier for the chat completion. At least 1 character. Source: the page. */
      id: string;
      /**
       * @description The object type, which is always "chat.completion". Source: the page.
       * @constant
       */
      object: "chat.completion";
      /** @description The model used for the chat completion; it may differ from the one asked for. At least 1 character. Source: the page. */
      model: string;
      /** @description The Unix timestamp of when the completion was created, in seconds. Source: the page. */
      created: number;
      /** @description The list of completion choices. At least 1 item. Source: the page. */
      choices: components["schemas"]["Choice"][];
      /** @description Usage statistics for the completion request. Source: the page. */
      usage: components["schemas"]["Usage"];
    };
    /** @description One answer to the conversation. */
    Choice: {
      /** @description The place of this choice in the list, from 0. At least 0. Source: the page. */
      index: number;
      /** @description What the model says. Source: the page. */
      message: components["schemas"]["AssistantMessage"];
      /** @description Why the answer ends here. Source: the page. */
      finish_reason: components["schemas"]["FinishReason"];
    };
    /** @description What the model says. */
    AssistantMessage: {
      /**
       * @description Always "assistant". Source: the page.
       * @constant
       */
      role: "assistant";
      /** @description The text of the answer. A server may leave it out. Source: the page. */
      content?: string | null;
    };
    /**
     * @description Why the answer ends: `stop`, it is complete; `length`, it was cut by `max_tokens`. A server may send a value that is not listed.
     * @enum {string}
     */
    FinishReason: "stop" | "length" | (string & {});
    /** @description Usage statistics for the completion request. */
    Usage: {
      /** @description Tokens in the messages. At least 0. Source: the page. */
      prompt_tokens: number;
      /** @description Tokens in the answer, never more than `max_tokens`. At least 0. Source: the page. */
      completion_tokens: number;
      /** @description The sum of `prompt_tokens` and `completion_tokens`. At least 0. Source: the page. */
      total_tokens: number;
    };
    /** @description A piece of a completion, sent as the data of one server-sent event. */
    ChatCompletionChunk: {
      /** @description The identifier of the completion, the same in each of its chunks. At least 1 character. Source: convention. */
      id: string;
      /**
       * @description Always "chat.completion.chunk". Source: convention.
       * @constant
       */
      object: "chat.completion.chunk";
      /** @description The Unix timestamp of when the completion was created, in seconds, the same in each of its chunks. Source: convention. */
      created: number;
      /** @description The model used, the same in each chunk. At least 1 character. Source: convention. */
      model: string;
      /** @description What is new in each choice; empty in a chunk that only carries `usage`. Source: convention. */
      choices: components["schemas"]["ChunkChoice"][];
      /** @description Usage statistics for the completion request, in the last chunk if at all. Source: convention. */
      usage?: components["schemas"]["Usage"] | null;
    };
    /** @description What is new in one choice. */
    ChunkChoice: {
      /** @description The choice that this piece belongs to, from 0. At least 0. Source: convention. */
      index: number;
      /** @description The new piece of the message. Source: convention. */
      delta: components["schemas"]["Delta"];
      /** @description Why the answer ends; absent or null until it does. Source: convention. */
      finish_reason?: components["schemas"]["FinishReason"] | null;
    };
    /** @description A piece of the message, to be appended to the pieces before it. */
    Delta: {
      /**
       * @description Always "assistant"; sent at the latest with the first text. Source: convention.
       * @constant
       */
      role?: "assistant";
      /** @description The next piece of the text. Source: convention. */
      content?: string | null;
    };
    /** @description Why a request was refused or failed. */
    ErrorResponse: {
      /** @description The error. Source: convention. */
      error: {
        /** @description What is wrong, for a person to read. Source: convention. */
        message: string;
        /** @description The class of the error. Source: convention. */
        type: string;
        /** @description The request's member that is at fault, if it is one. Source: convention. */
        param?: string | null;
        /** @description A short name of the error for programs. Source: convention. */
        code?: string | null;
      };
    };
  };
  responses: {
    /** @description Refused or failed; the body says why. */
    Error: {
      headers: {
        [name: string]: unknown;
      };
      content: {
        "application/json": components["schemas"]["ErrorResponse"];
      };
    };
  };
  parameters: never;
  requestBodies: never;
  headers: never;
  pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
  createChatCompletion: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** @description The conversation so far, and how to continue it. */
    requestBody: {
      content: {
        "application/json": components["schemas"]["ChatCompletionRequest"];
      };
    };
    responses: {
      /** @description The completion, or its chunks as they are made when `stream` is true. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ChatCompletion"];
          "text/event-stream": {
            /** @description A chunk as JSON, or the text `[DONE]` after the last one. */
            data: string | "[DONE]" | unknown;
          };
        };
      };
      400: components["responses"]["Error"];
      401: components["responses"]["Error"];
      404: components["responses"]["Error"];
      413: components["responses"]["Error"];
      415: components["responses"]["Error"];
      422: components["responses"]["Error"];
      429: components["responses"]["Error"];
      500: components["responses"]["Error"];
    };
  };
}
