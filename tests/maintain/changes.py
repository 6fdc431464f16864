"""Changes of the contract, each with what it means to clients and to servers: the table that `diff` is held against.

A change is a few replacements in the text of `openapi.yaml`, each of the first place where the old text stands; `base`
is what makes OLD of it before NEW is made of that.
"""

from __future__ import annotations

from attrs import frozen

from alphaedge_conformance.maintain.diff.change import BREAKING, SAFE, UNCLEAR, Judgement

Edits = tuple[tuple[str, str], ...]


@frozen
class Row:
    """One change of the contract."""

    name: str
    clients: Judgement
    servers: Judgement
    edits: Edits
    base: Edits = ()
    touches: str | None = None
    """A requirement that is named with it."""
    shows: bool = False
    """Whether a drawn value is shown."""
    cosmetic: bool = False
    unread: bool = False
    """Whether it leaves a contract that cannot be judged by: a pointer that leads nowhere, a keyword without a rule."""


def row(
    name: str,
    clients: Judgement,
    servers: Judgement,
    *edits: tuple[str, str],
    base: Edits = (),
    touches: str | None = None,
    shows: bool = False,
    cosmetic: bool = False,
    unread: bool = False,
) -> Row:
    return Row(name, clients, servers, edits, base, touches, shows, cosmetic, unread)


TEMPERATURE = "          maximum: 2\n"
MODEL = "          examples: [alphaedge-large-3-2512]\n"
CONTENT = "          description: What is said; any Unicode text, and possibly none.\n          type: string\n"
STREAM = "\n        stream:\n"
ID = "          description: A unique identifier for the chat completion.\n          type: string\n"
TOP_P = """
        likeliest:
          description: Only the most likely tokens.
          type: number
          minimum: 0
          maximum: 1
        stream:
"""
SPEECH = """
    Speech:
      description: What is said.
      type: string
    ChatMessage:
"""
AS_SPEECH = (CONTENT, '          $ref: "#/components/schemas/Speech"\n          description: What is said.\n')
SPEECH_THERE = (("\n    ChatMessage:\n", SPEECH), AS_SPEECH)
BODY = "      requestBody:\n"
RESPONSES = '      responses:\n        "200":\n'
COMPLETION = """          content:
            application/json:
              schema: {$ref: "#/components/schemas/ChatCompletion"}
"""
HEADER = """          headers:
            X-Request-Id:
              description: Names the request.
              required: true
              schema: {type: string}
"""
NEW_PATH = """paths:
  /v1/models:
    get:
      operationId: listModels
      summary: List the models
      description: All of them.
      responses:
        "200": {description: The models.}
"""
USER = "      parameters:\n        - {name: user, in: query, description: Who asks., schema: {type: string}}\n"
USER_MUST = USER.replace("schema:", "required: true, schema:")
TREE = """
    Thread:
      description: An answer, and the answers to it.
      type: object
      properties:
        text: {description: The answer., type: string}
        answers: {description: To it., type: array, items: {$ref: "#/components/schemas/Thread"}}
    ChatMessage:
"""
THREAD = (
    "        role:\n          description: Who speaks.",
    '        thread: {$ref: "#/components/schemas/Thread"}\n        role:\n          description: Who speaks.',
)
NULL_OR_USAGE = """          oneOf:
            - $ref: "#/components/schemas/Usage"
            - type: "null"
"""
USAGE = """        usage:
          $ref: "#/components/schemas/Usage"
          description: Usage statistics for the completion request.
          x-quote: Usage statistics for the completion request.
"""
GONE = """  responses:
    Gone:
      description: Refused or failed; the body says why.
      content:
        application/json:
          schema: {$ref: "#/components/schemas/ErrorResponse"}
    Error:"""
METHOD_REFUSED = """  - id: endpoint.method-refused
    level: SHOULD
    source: convention
    text: Any method other than POST is refused with 405 and an Allow header that names POST.
    pointer: /paths/~1v1~1chat~1completions
"""
SUM = """  - id: usage.total-is-the-sum
    level: MUST
    source: documented
    text: '`total_tokens` is the sum of `prompt_tokens` and `completion_tokens`.'
    quote: '"prompt_tokens": 5, "completion_tokens": 10, "total_tokens": 15'
    pointer: /components/schemas/Usage/properties/total_tokens
"""
POLITE = """x-requirements:
  - id: choice.polite
    level: MUST
    source: convention
    text: The answer is polite.
    pointer: /components/schemas/Choice
"""


def model(keywords: str) -> tuple[str, str]:
    """The `model` of a request with more keywords."""
    return MODEL, MODEL + "".join(f"          {line}\n" for line in keywords.splitlines())


def content(keywords: str) -> tuple[str, str]:
    """The `content` of a message with more keywords."""
    return CONTENT, CONTENT + "".join(f"          {line}\n" for line in keywords.splitlines())


REQUEST = [
    row(
        "maximum lowered",
        BREAKING,
        BREAKING,
        (TEMPERATURE, "          maximum: 1\n"),
        touches="request.temperature-maximum",
        shows=True,
    ),
    row(
        "maximum raised",
        SAFE,
        BREAKING,
        (TEMPERATURE, "          maximum: 3\n"),
        touches="request.temperature-accepted",
        shows=True,
    ),
    row("maximum gone", SAFE, BREAKING, (TEMPERATURE, ""), shows=True),
    row("maximum becomes exclusive", BREAKING, BREAKING, (TEMPERATURE, "          exclusiveMaximum: 2\n"), shows=True),
    row("a bound that says nothing new", SAFE, SAFE, (TEMPERATURE, TEMPERATURE + "          exclusiveMaximum: 3\n")),
    row(
        "minimum raised, SHOULD be refused",
        BREAKING,
        UNCLEAR,
        ("minimum: 1\n          x-quote: The maximum", "minimum: 2\n          x-quote: The maximum"),
        touches="request.max-tokens-minimum",
        shows=True,
    ),
    row(
        "minimum lowered",
        SAFE,
        BREAKING,
        ("minimum: 1\n          x-quote: The maximum", "minimum: 0\n          x-quote: The maximum"),
        shows=True,
    ),
    row(
        "integer becomes number",
        SAFE,
        BREAKING,
        ("type: integer\n          minimum: 1\n", "type: number\n          minimum: 1\n"),
        shows=True,
    ),
    row("number becomes integer", BREAKING, BREAKING, ("type: number\n", "type: integer\n"), shows=True),
    row("null accepted", SAFE, BREAKING, ("type: number\n", 'type: [number, "null"]\n'), shows=True),
    row(
        "role no longer allowed",
        BREAKING,
        UNCLEAR,
        ("[system, user, assistant]", "[user, assistant]"),
        touches="message.role-enum",
        shows=True,
    ),
    row(
        "role more",
        SAFE,
        BREAKING,
        ("[system, user, assistant]", "[system, user, assistant, tool]"),
        touches="message.role-enum",
        shows=True,
    ),
    row("roles in another order", SAFE, SAFE, ("[system, user, assistant]", "[user, system, assistant]")),
    row("optional member more", SAFE, BREAKING, (STREAM, TOP_P), touches="request.likeliest-accepted", shows=True),
    row(
        "required member more",
        BREAKING,
        BREAKING,
        (STREAM, TOP_P),
        ("[model, messages]", "[model, messages, likeliest]"),
        touches="request.likeliest-required",
        shows=True,
    ),
    row(
        "member gone",
        BREAKING,
        SAFE,
        (TOP_P, STREAM),
        base=((STREAM, TOP_P),),
        touches="request.likeliest-accepted",
        shows=True,
    ),
    row(
        "member becomes required",
        BREAKING,
        BREAKING,
        ("[model, messages]", "[model, messages, stream]"),
        touches="request.stream-required",
        shows=True,
    ),
    row(
        "member becomes optional",
        SAFE,
        BREAKING,
        ("[model, messages]", "[messages]"),
        touches="request.model-required",
        shows=True,
    ),
    row(
        "more messages asked for",
        BREAKING,
        UNCLEAR,
        (
            'minItems: 1\n          items: {$ref: "#/components/schemas/ChatMessage"}',
            'minItems: 2\n          items: {$ref: "#/components/schemas/ChatMessage"}',
        ),
        shows=True,
    ),
    row("pattern added", BREAKING, BREAKING, model("pattern: ^alpha"), shows=True),
    row(
        "pattern tightened",
        BREAKING,
        BREAKING,
        ("pattern: ^[a-z]", "pattern: ^[a-f]"),
        base=(model("pattern: ^[a-z]"),),
        shows=True,
    ),
    row(
        "pattern loosened",
        UNCLEAR,
        BREAKING,
        ("pattern: ^[a-f]", "pattern: ^[a-z]"),
        base=(model("pattern: ^[a-f]"),),
        shows=True,
    ),
    row(
        "pattern tightened inside $ref",
        BREAKING,
        BREAKING,
        (
            "      description: What is said.\n      type: string\n",
            "      description: What is said.\n      type: string\n      pattern: ^[^<]*$\n",
        ),
        base=SPEECH_THERE,
        shows=True,
    ),
    row(
        "branch of anyOf gone",
        BREAKING,
        BREAKING,
        ("            - {maxLength: 3}\n", ""),
        base=(model("anyOf:\n  - {pattern: ^alpha}\n  - {maxLength: 3}"),),
        shows=True,
    ),
    row(
        "branch of anyOf more",
        SAFE,
        BREAKING,
        ("- {maxLength: 3}\n", "- {maxLength: 3}\n            - {pattern: ^beta}\n"),
        base=(model("anyOf:\n  - {pattern: ^alpha}\n  - {maxLength: 3}"),),
        shows=True,
    ),
    row(
        "keyword inside anyOf tightened",
        BREAKING,
        BREAKING,
        ("- {maxLength: 3}\n", "- {maxLength: 2}\n"),
        base=(model("anyOf:\n  - {pattern: ^alpha}\n  - {maxLength: 3}"),),
        shows=True,
    ),
    row(
        "keyword inside anyOf tightened, which another branch makes up for",
        SAFE,
        SAFE,
        ("- {maxLength: 3}\n", "- {maxLength: 2}\n"),
        base=(model("anyOf:\n  - {maxLength: 9}\n  - {maxLength: 3}"),),
    ),
    row(
        "keywords inside anyOf tightened, which only both together make felt",
        BREAKING,
        BREAKING,
        ("- {maxLength: 9}\n", "- {maxLength: 8}\n"),
        ("- {maxLength: 9.0}\n", "- {maxLength: 8}\n"),
        base=(model("anyOf:\n  - {maxLength: 9}\n  - {maxLength: 9.0}"),),
        shows=True,
    ),
    row(
        "a type more, with which null fits two branches of oneOf",
        BREAKING,
        BREAKING,
        ("{type: integer, maximum: 5}", '{type: [integer, "null"], maximum: 5}'),
        base=((STREAM, "\n        user: {oneOf: [{type: integer, maximum: 5}, {type: 'null'}]}" + STREAM),),
        shows=True,
    ),
    row("const inside allOf", BREAKING, BREAKING, model("allOf:\n  - {const: alphaedge-large-3-2512}"), shows=True),
    row(
        "keyword inside not loosened",
        SAFE,
        BREAKING,
        ("{minLength: 9}", "{minLength: 10}"),
        base=(model("not: {minLength: 9}"),),
        shows=True,
    ),
    row(
        "oneOf whose branches come to overlap",
        BREAKING,
        BREAKING,
        ("- {minLength: 4}", "- {minLength: 3}"),
        base=(model("oneOf:\n  - {maxLength: 3}\n  - {minLength: 4}"),),
        shows=True,
    ),
    row(
        "if that comes to forbid",
        BREAKING,
        BREAKING,
        ("then: {maxLength: 9}", "then: {maxLength: 8}"),
        base=(model("if: {pattern: ^alpha}\nthen: {maxLength: 9}"),),
        shows=True,
    ),
    row(
        "unknown members refused",
        UNCLEAR,
        BREAKING,
        (
            "      description: A conversation and how to continue it.\n",
            "      description: A conversation and how to continue it.\n      additionalProperties: false\n",
        ),
    ),
    row(
        "unknown members no longer refused",
        SAFE,
        SAFE,
        ("      additionalProperties: false\n", ""),
        base=(
            (
                "      description: A conversation and how to continue it.\n",
                "      description: A conversation and how to continue it.\n      additionalProperties: false\n",
            ),
        ),
    ),
    row("format", UNCLEAR, UNCLEAR, model("format: uuid")),
    row("default changed", BREAKING, UNCLEAR, ("default: 1.0", "default: 0.7"), touches="request.temperature-accepted"),
    row(
        "default more",
        UNCLEAR,
        UNCLEAR,
        ("          minimum: 1\n          x-quote", "          minimum: 1\n          default: 100\n          x-quote"),
    ),
    row(
        "level of a refusal raised",
        SAFE,
        BREAKING,
        ("x-levels: {minItems: SHOULD}", "x-levels: {minItems: MUST}"),
        touches="request.messages-min-items",
    ),
    row(
        "level of a refusal lowered",
        SAFE,
        SAFE,
        ("x-levels: {minItems: SHOULD}", "x-levels: {minItems: MAY}"),
        touches="request.messages-min-items",
    ),
    row(
        "inside a schema that leads back into itself",
        BREAKING,
        BREAKING,
        (
            "text: {description: The answer., type: string}",
            "text: {description: The answer., type: string, maxLength: 4}",
        ),
        base=(("\n    ChatMessage:\n", TREE), THREAD),
        shows=True,
    ),
]

RESPONSE = [
    row(
        "enum widened",
        BREAKING,
        SAFE,
        ("enum: [stop, length]", "enum: [stop, length, tool_calls]"),
        touches="finish-reason.enum",
        shows=True,
    ),
    row(
        "enum narrowed, SHOULD",
        SAFE,
        UNCLEAR,
        ("enum: [stop, length]", "enum: [stop]"),
        touches="finish-reason.enum",
        shows=True,
    ),
    row(
        "const changed",
        BREAKING,
        BREAKING,
        ("const: chat.completion\n", "const: completion\n"),
        touches="completion.object-const",
        shows=True,
    ),
    row(
        "const becomes an enum of it",
        SAFE,
        SAFE,
        ("const: chat.completion\n", "enum: [chat.completion]\n"),
        cosmetic=True,
    ),
    row(
        "const becomes an enum with more",
        BREAKING,
        SAFE,
        ("const: chat.completion\n", "enum: [chat.completion, completion]\n"),
        shows=True,
    ),
    row(
        "minLength raised",
        SAFE,
        BREAKING,
        (ID + "          minLength: 1\n", ID + "          minLength: 2\n"),
        touches="completion.id-min-length",
        shows=True,
    ),
    row(
        "minLength gone",
        BREAKING,
        SAFE,
        (ID + "          minLength: 1\n", ID),
        touches="completion.id-min-length",
        shows=True,
    ),
    row("pattern added to an id", SAFE, BREAKING, (ID, ID + "          pattern: ^chat-\n"), shows=True),
    row(
        "pattern of an id loosened",
        BREAKING,
        UNCLEAR,
        ("pattern: ^chat-\n", "pattern: ^cha\n"),
        base=((ID, ID + "          pattern: ^chat-\n"),),
        shows=True,
    ),
    row(
        "answer: member no longer required",
        BREAKING,
        SAFE,
        ("choices, usage]", "choices]"),
        touches="completion.usage-required",
        shows=True,
    ),
    row(
        "answer: required member more",
        SAFE,
        BREAKING,
        ("choices, usage]", "choices, usage, build]"),
        (
            "\n        usage:\n          $ref",
            "\n        build: {description: Which., type: string}\n        usage:\n          $ref",
        ),
        touches="completion.build-required",
        shows=True,
    ),
    row(
        "answer: optional member more",
        SAFE,
        SAFE,
        (
            "\n        usage:\n          $ref",
            "\n        build: {description: Which., type: string}\n        usage:\n          $ref",
        ),
        touches="completion.build-type",
    ),
    row(
        "answer: optional member gone",
        UNCLEAR,
        SAFE,
        ("        build: {description: Which., type: string}\n", ""),
        base=(
            (
                "\n        usage:\n          $ref",
                "\n        build: {description: Which., type: string}\n        usage:\n          $ref",
            ),
        ),
    ),
    row(
        "answer: optional member of another type",
        BREAKING,
        BREAKING,
        ("build: {description: Which., type: string}", "build: {description: Which., type: integer}"),
        base=(
            (
                "\n        usage:\n          $ref",
                "\n        build: {description: Which., type: string}\n        usage:\n          $ref",
            ),
        ),
        shows=True,
    ),
    row(
        "answer: required member gone",
        BREAKING,
        SAFE,
        ("choices, usage]", "choices]"),
        (
            USAGE,
            "",
        ),
        shows=True,
    ),
    row(
        "unknown members forbidden", SAFE, BREAKING, ("    Usage:\n", "    Usage:\n      additionalProperties: false\n")
    ),
    row(
        "level lowered",
        BREAKING,
        SAFE,
        (
            "          const: assistant\n        content:\n",
            "          const: assistant\n          x-levels: {const: SHOULD}\n        content:\n",
        ),
        touches="assistant-message.role-const",
    ),
    row(
        "level raised",
        SAFE,
        BREAKING,
        ("      x-levels: {enum: SHOULD}\n    Usage", "    Usage"),
        touches="finish-reason.enum",
    ),
    row(
        "error: param may be a number",
        BREAKING,
        SAFE,
        ('              type: [string, "null"]\n', '              type: [string, "null", integer]\n'),
        touches="error.error-param-type",
        shows=True,
    ),
    row(
        "error: code must be there, SHOULD",
        SAFE,
        BREAKING,
        ("required: [message, type]", "required: [message, type, code]"),
        touches="error.error-code-required",
        shows=True,
    ),
]

STREAMING = [
    row("the last event reads otherwise", BREAKING, BREAKING, ('const: "[DONE]"', 'const: "[END]"'), shows=True),
    row(
        "an event more",
        BREAKING,
        SAFE,
        ('- const: "[DONE]"\n', '- const: "[DONE]"\n                      - const: ping\n'),
        shows=True,
    ),
    row("event: a name required", SAFE, BREAKING, ("required: [data]", "required: [data, event]"), shows=True),
    row(
        "chunk: null no longer allowed",
        SAFE,
        BREAKING,
        ('          type: [string, "null"]\n    ErrorResponse', "          type: string\n    ErrorResponse"),
        touches="delta.content-type",
        shows=True,
    ),
    row(
        "chunk: another type allowed",
        BREAKING,
        SAFE,
        (
            '          type: [string, "null"]\n    ErrorResponse',
            '          type: [string, "null", array]\n    ErrorResponse',
        ),
        touches="delta.content-type",
        shows=True,
    ),
    row(
        "chunk: usage required",
        SAFE,
        BREAKING,
        ("created, model, choices]\n", "created, model, choices, usage]\n"),
        touches="chunk.usage-required",
        shows=True,
    ),
    row(
        "chunk: usage no longer null",
        SAFE,
        BREAKING,
        (NULL_OR_USAGE, '          $ref: "#/components/schemas/Usage"\n'),
        shows=True,
    ),
    row("chunk: oneOf becomes anyOf", SAFE, SAFE, (NULL_OR_USAGE, NULL_OR_USAGE.replace("oneOf", "anyOf"))),
    row(
        "chunk: another const",
        BREAKING,
        BREAKING,
        ("const: chat.completion.chunk", "const: chunk"),
        touches="chunk.object-const",
        shows=True,
    ),
    row(
        "chunk: no JSON",
        BREAKING,
        BREAKING,
        ("contentMediaType: application/json", "contentMediaType: application/yaml"),
    ),
    row(
        "no stream any more",
        BREAKING,
        BREAKING,
        ("text/event-stream:\n              itemSchema:", "application/jsonl:\n              itemSchema:"),
        unread=True,
    ),
]

ENDPOINT = [
    row("path changed", BREAKING, BREAKING, ("  /v1/chat/completions:\n", "  /v2/chat/completions:\n"), unread=True),
    row("path more", SAFE, BREAKING, ("paths:\n", NEW_PATH)),
    row("path gone", BREAKING, SAFE, (NEW_PATH, "paths:\n"), base=(("paths:\n", NEW_PATH),)),
    row("method changed", BREAKING, BREAKING, ("    get:\n", "    query:\n"), base=(("paths:\n", NEW_PATH),)),
    row("optional parameter more", SAFE, BREAKING, (BODY, USER + BODY)),
    row("required parameter more", BREAKING, BREAKING, (BODY, USER_MUST + BODY)),
    row("parameter gone", BREAKING, SAFE, (USER, ""), base=((BODY, USER + BODY),)),
    row("parameter becomes required", BREAKING, BREAKING, (USER, USER_MUST), base=((BODY, USER + BODY),)),
    row("parameter becomes optional", SAFE, BREAKING, (USER_MUST, USER), base=((BODY, USER_MUST + BODY),)),
    row(
        "parameter's values bounded",
        BREAKING,
        BREAKING,
        ("{type: string}}\n", "{type: string, maxLength: 9}}\n"),
        base=((BODY, USER + BODY),),
        shows=True,
    ),
    row(
        "body becomes optional",
        SAFE,
        BREAKING,
        ("        required: true\n        content", "        required: false\n        content"),
        touches="body.empty-refused",
    ),
    row(
        "media type of the request changed",
        BREAKING,
        BREAKING,
        (
            "          application/json:\n            schema: {$ref",
            "          application/yaml:\n            schema: {$ref",
        ),
        unread=True,
    ),
    row(
        "media type of the response more",
        UNCLEAR,
        UNCLEAR,
        (
            "            text/event-stream:\n",
            "            text/csv: {schema: {type: string}}\n            text/event-stream:\n",
        ),
    ),
    row(
        "another success",
        BREAKING,
        SAFE,
        (RESPONSES, '      responses:\n        "202": {description: Later.}\n        "200":\n'),
    ),
    row(
        "success gone",
        BREAKING,
        BREAKING,
        (
            '        "200":\n          description: The completion',
            '        "201":\n          description: The completion',
        ),
        unread=True,
    ),
    row(
        "an error more, like others",
        SAFE,
        SAFE,
        ('        "401": {$ref', '        "403": {$ref: "#/components/responses/Error"}\n        "401": {$ref'),
    ),
    row(
        "an error more, unlike others",
        UNCLEAR,
        SAFE,
        ('        "401": {$ref', '        "403": {description: Bare.}\n        "401": {$ref'),
    ),
    row("an error gone", SAFE, BREAKING, ('        "413": {$ref: "#/components/responses/Error"}\n', "")),
    row("required header more", SAFE, BREAKING, (COMPLETION, HEADER + COMPLETION)),
    row("required header gone", BREAKING, SAFE, (HEADER, ""), base=((COMPLETION, HEADER + COMPLETION),)),
    row(
        "header's values bounded",
        SAFE,
        BREAKING,
        ("              schema: {type: string}\n", "              schema: {type: string, minLength: 1}\n"),
        base=((COMPLETION, HEADER + COMPLETION),),
        shows=True,
    ),
    row(
        "header becomes optional",
        BREAKING,
        SAFE,
        (HEADER, HEADER.replace("true", "false")),
        base=((COMPLETION, HEADER + COMPLETION),),
    ),
    row(
        "no key asked for",
        SAFE,
        BREAKING,
        ("      security:\n        - bearerAuth: []\n", ""),
        touches="authorization.missing-key-refused",
        unread=True,
    ),
    row(
        "key sent in another way",
        BREAKING,
        BREAKING,
        ("      type: http\n      scheme: bearer\n", "      type: apiKey\n      in: header\n      name: X-Key\n"),
        touches="authorization.missing-key-refused",
    ),
    row("another way in", SAFE, BREAKING, ("        - bearerAuth: []\n", "        - bearerAuth: []\n        - {}\n")),
    row(
        "scheme renamed",
        SAFE,
        SAFE,
        ("        - bearerAuth: []\n", "        - key: []\n"),
        ("    bearerAuth:\n", "    key:\n"),
        ("pointer: /components/securitySchemes/bearerAuth", "pointer: /components/securitySchemes/key"),
        cosmetic=True,
    ),
    row("server gone", UNCLEAR, SAFE, ("https://api.alphaedge-ai.com\n", "https://eu.alphaedge-ai.com\n")),
]

SENTENCES = [
    row("MUST more", SAFE, BREAKING, ("x-requirements:\n", POLITE), touches="choice.polite"),
    row("SHOULD more", SAFE, UNCLEAR, ("x-requirements:\n", POLITE.replace("MUST", "SHOULD")), touches="choice.polite"),
    row("MAY more", SAFE, SAFE, ("x-requirements:\n", POLITE.replace("MUST", "MAY")), touches="choice.polite"),
    row(
        "a refusal more",
        UNCLEAR,
        BREAKING,
        ("x-requirements:\n", POLITE.replace("polite\n", "rude-refused\n")),
        touches="choice.rude-refused",
    ),
    row("MUST gone", BREAKING, SAFE, (SUM, ""), touches="usage.total-is-the-sum"),
    row("SHOULD gone", UNCLEAR, SAFE, (METHOD_REFUSED, ""), touches="endpoint.method-refused"),
    row("sentence raised", SAFE, BREAKING, ("level: SHOULD", "level: MUST"), touches="endpoint.method-refused"),
    row("sentence lowered", UNCLEAR, SAFE, ("level: SHOULD", "level: MAY"), touches="endpoint.method-refused"),
    row(
        "sentence reads otherwise",
        UNCLEAR,
        UNCLEAR,
        ("text: Any method other than POST", "text: Each method other than POST"),
        touches="endpoint.method-refused",
    ),
]

COSMETIC = [
    row("a comment", SAFE, SAFE, ("paths:\n", "# where\npaths:\n"), cosmetic=True),
    row(
        "description of a property",
        SAFE,
        SAFE,
        ("description: Who speaks.", "description: Who says it."),
        cosmetic=True,
    ),
    row(
        "description of the operation",
        SAFE,
        SAFE,
        ("summary: Create a chat completion", "summary: Chat"),
        cosmetic=True,
    ),
    row("description of the contract", SAFE, SAFE, ("title: AlphaEdge API", "title: AlphaEdge"), cosmetic=True),
    row(
        "example of a request",
        SAFE,
        SAFE,
        ("{role: user, content: Hello!}", "{role: user, content: Hi!}"),
        cosmetic=True,
    ),
    row("example of a property", SAFE, SAFE, (MODEL, MODEL.replace("large", "small")), cosmetic=True),
    row("code sample", SAFE, SAFE, ("from alphaedge import AlphaEdge\n", "from alphaedge import *\n"), cosmetic=True),
    row(
        "pointer of a sentence",
        SAFE,
        SAFE,
        ("pointer: /paths/~1v1~1chat~1completions\n", "pointer: /paths\n"),
        cosmetic=True,
    ),
    row(
        "order of members",
        SAFE,
        SAFE,
        ("[id, object, model, created, choices, usage]", "[usage, id, object, model, created, choices]"),
        cosmetic=True,
    ),
    row("a schema moved behind a $ref", SAFE, SAFE, *SPEECH_THERE, cosmetic=True),
    row("a schema moved out of a $ref", SAFE, SAFE, (AS_SPEECH[1], AS_SPEECH[0]), base=SPEECH_THERE, cosmetic=True),
    row(
        "a component renamed",
        SAFE,
        SAFE,
        ("    Delta:\n", "    Piece:\n"),
        ("schemas/Delta", "schemas/Piece"),
        *(
            (f"/components/schemas/Delta/properties/{name}", f"/components/schemas/Piece/properties/{name}")
            for name in ("role", "content", "content", "content")
        ),
        cosmetic=True,
    ),
    row("a component that nothing uses", SAFE, SAFE, ("\n    ChatMessage:\n", SPEECH), cosmetic=True),
    row(
        "a $ref wrapped in allOf",
        SAFE,
        SAFE,
        ('          $ref: "#/components/schemas/Delta"\n', '          allOf: [{$ref: "#/components/schemas/Delta"}]\n'),
        cosmetic=True,
    ),
    row(
        "moved into a response component",
        SAFE,
        SAFE,
        (
            '        "404": {$ref: "#/components/responses/Error"}',
            '        "404": {$ref: "#/components/responses/Gone"}',
        ),
        (
            "  responses:\n    Error:",
            GONE,
        ),
        cosmetic=True,
    ),
]

TABLE = [*REQUEST, *RESPONSE, *STREAMING, *ENDPOINT, *SENTENCES, *COSMETIC]
