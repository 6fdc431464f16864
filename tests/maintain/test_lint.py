"""`alphaedge-contract lint`: the contract is in order, and each kind of damage is found, at its line."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from alphaedge_conformance.contract import Contract
from alphaedge_conformance.errors import ConfigurationError
from alphaedge_conformance.judging import checks
from alphaedge_conformance.judging.checks import check
from alphaedge_conformance.maintain.lint import lint
from alphaedge_conformance.maintain.lint.problem import LeftOut

from ..helpers import ROOT
from .test_diff import edited

PAGE = ROOT / "tests" / "data" / "page.txt"
HELLO = "                    - {role: user, content: Hello!}\n"
UNUSED = "  schemas:\n    Spare:\n      description: For later.\n      type: string\n"
DAMAGE = [
    # rule, the text, what it becomes, where the problem is, what is said of it
    ("openapi-valid", "      summary: Create", "      sumary: Create", "    post:", "'sumary' was unexpected"),
    ("openapi-valid", "maximum: 2\n", "maximum: two\n", "maximum: two", "is not a valid JSON Schema"),
    (
        "openapi-valid",
        "                description: One server-sent event.\n",
        "                description: One server-sent event.\n                multipleOf: two\n",
        "                multipleOf: two",
        "/itemSchema/multipleOf is not a valid JSON Schema",
    ),
    ("openapi-valid", "openapi: 3.2.0", "openapi: 3.1.0", "openapi: 3.1.0", "expected `openapi: 3.2.0`"),
    ("openapi-valid", "responses/Error", "responses/Lost", '"400": {$ref', "expected a $ref into this file"),
    ("openapi-valid", "    post:\n", "    put:\n", "paths:", "expected a POST operation"),
    (
        "described",
        "          description: Who speaks.\n",
        "",
        "        role:",
        "the member `role` has no `description`",
    ),
    ("described", "          description: Who speaks.\n", "          description: ' '\n", "        role:", "`role`"),
    (
        "described",
        "      description: One message of the conversation.\n",
        "",
        "    ChatMessage:",
        "the schema ChatMessage",
    ),
    ("described", "      description: Refused or failed; the body says why.\n", "", "    Error:", "the response Error"),
    ("described", "                description: One server-sent event.\n", "", "itemSchema:", "the itemSchema"),
    ("described", "    description: Conversations with a model.\n", "", "  - name: chat", "the tag chat"),
    (
        "described",
        "      requestBody:\n",
        "      parameters: [{name: user, in: query, schema: {type: string}}]\n      requestBody:\n",
        "      parameters:",
        "the parameter user",
    ),
    (
        "described",
        "        This endpoint allows you to have a conversation with the model by sending a series of messages.\n",
        "",
        "    post:",
        "the operation POST /v1/chat/completions",
    ),
    ("example-fits", HELLO, HELLO.replace("user", "robot"), "robot", "`value.messages[0].role` breaks /components"),
    ("example-fits", "total_tokens: 15\n", "total_tokens: -15\n", "total_tokens: -15", "usage.total_tokens"),
    ("example-fits", "default: 1.0\n", "default: 3\n", "default: 3", "3 is greater than the maximum of 2"),
    ("example-fits", "examples: [alphaedge-large-3-2512]", "examples: [5]", "examples: [5]", "is not of type"),
    (
        "requirement-complete",
        "level: SHOULD",
        "level: OUGHT",
        "endpoint.method-refused",
        "give one of MUST, SHOULD, MAY",
    ),
    ("requirement-complete", "    source: convention\n", "", "endpoint.method-refused", "has no `source`"),
    ("requirement-complete", "text: Any method other", "txt: Any method other", "endpoint.method-ref", "has no `text`"),
    (
        "requirement-complete",
        "    quote: stream false\n",
        "",
        "request.stream-default",
        "exactly when it is documented",
    ),
    (
        "requirement-complete",
        "id: endpoint.method",
        "id: Endpoint.method",
        "Endpoint.method",
        "expected an id in kebab",
    ),
    (
        "requirement-complete",
        "pointer: /paths/~1v1~1chat~1completions\n",
        "pointer: /x\n",
        "endpoint.m",
        "does not resolve",
    ),
    (
        "requirement-complete",
        "x-requirements:\n",
        "x-requirements: 5\nx-rest:\n",
        "x-requirements: 5",
        "expected a list",
    ),
    ("requirement-unique", "id: error.json", "id: error.never-5xx", "- id: error.never-5xx", "is taken 2 times"),
    ("requirement-unique", "id: error.json", "id: error.type", "- id: error.type", "the id error.type is taken"),
    ("requirement-checked", "id: error.json", "id: error.yaml", "- id: error.yaml", "error.yaml has no check"),
    ("quote-on-the-page", "quote: stream false", "quote: stream falsely", "stream falsely", "is not on page.txt"),
    (
        "quote-on-the-page",
        "x-quote: The list of",
        "x-quote: The heap of",
        "x-quote: The heap of",
        "quote it word for word",
    ),
    ("level-of-a-keyword", "{minItems: SHOULD}", "{minItems: OFTEN}", "{minItems: OFTEN}", "'OFTEN' is not a level"),
    (
        "level-of-a-keyword",
        "{minItems: SHOULD}",
        "{maxItems: SHOULD}",
        "{maxItems: SHOULD}",
        "there is no `maxItems` here",
    ),
    ("level-of-a-keyword", "{minItems: SHOULD}", "[SHOULD]", "x-levels: [SHOULD]", "expected a level for each keyword"),
    ("quote-on-the-page", "quote: stream false", "quote: [stream]", "quote: [stream]", "expected the page's words"),
    ("requirement-complete", "text: A body that is not JSON is", "text: 1 #", "body.malformed", "has no `text`"),
    ("component-used", "  schemas:\n", UNUSED, "    Spare:", "nothing uses schemas/Spare"),
    ("component-used", "        - bearerAuth: []\n", "        - {}\n", "    bearerAuth:", "securitySchemes/bearerAuth"),
]


def test_the_contract_is_well_kept(contract: Contract) -> None:
    report = lint(contract, PAGE)
    assert (report.problems, report.left_out) == ([], [])


@pytest.mark.parametrize(("rule", "old", "new", "line", "said"), DAMAGE, ids=lambda value: str(value)[:40].strip())
def test_damage_is_found_at_its_line(contract: Contract, rule: str, old: str, new: str, line: str, said: str) -> None:
    damaged = Contract.parse(Path("openapi.yaml"), edited(contract.text, ((old, new),)))
    found = [each for each in lint(damaged, PAGE).problems if each.rule == rule and said in each.text]
    assert found, [str(each) for each in lint(damaged, PAGE).problems]
    assert line in damaged.text.splitlines()[found[0].line - 1], str(found[0])


def test_schemas_are_found_wherever_they_are(contract: Contract) -> None:
    """And an example, a header or a component of that name is none."""
    wrong, none = {"required": 5}, {"schema": {"required": 5}}
    contract = Contract.parse(Path("openapi.yaml"), contract.text)
    contract.document["paths"]["/x"] = {
        "get": {
            "parameters": [{"name": "a", "in": "query", "schema": wrong, "example": none}],
            "responses": {
                "200": {
                    "headers": {"schema": {"required": True, "schema": wrong}},
                    "content": {"text/plain": {"itemSchema": wrong, "examples": {"schema": {"value": none}}}},
                }
            },
            "x-ours": none,
        }
    }
    contract.document["components"]["parameters"] = {"schema": {"name": "b", "in": "query", "required": True}}
    contract.document["components"]["schemas"]["Own"] = {"properties": {"schema": {"const": none}}}
    get = "/paths/~1x/get"
    assert [here for here, _ in contract.malformed()] == [
        f"{get}/parameters/0/schema/required",
        f"{get}/responses/200/headers/schema/schema/required",
        f"{get}/responses/200/content/text~1plain/itemSchema/required",
    ]


def test_a_check_without_a_requirement(contract: Contract, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "STATED", dict(check.STATED))
    monkeypatch.setattr(checks, "STATED", check.STATED)

    @check.check("usage.spare")
    def spare(usage: object) -> None: ...

    (problem,) = lint(contract, PAGE).problems
    assert problem.rule == "requirement-checked"
    assert problem.file.endswith("test_lint.py")
    assert "a check of usage.spare, which is not a requirement" in problem.text
    assert "check.check" in Path(__file__).read_text("utf-8").splitlines()[problem.line - 1]


def test_what_is_not_there_is_left_out(contract: Contract, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openapi_spec_validator", None)
    monkeypatch.setattr("alphaedge_conformance.maintain.lint.requirements.SHIPPED", Path("nowhere/openapi.yaml"))
    report = lint(contract)
    assert report.problems == []
    assert [each.rule for each in report.left_out] == ["openapi-valid", "quote-on-the-page"]
    assert "left out: openapi-valid: openapi-spec-validator is not installed" in str(report)


def test_a_rule_that_cannot_read_an_invalid_contract_is_left_out(contract: Contract) -> None:
    damaged = Contract.parse(
        Path("openapi.yaml"),
        edited(contract.text, (("  - name: chat\n    description: Conversations with a model.\n", "  - chat\n"),)),
    )
    report = lint(damaged, PAGE)
    assert {problem.rule for problem in report.problems} == {"openapi-valid"}
    assert report.left_out == [LeftOut("described", "needs a valid OpenAPI document first")]


def test_rejects_a_page_that_cannot_be_read(contract: Contract, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"page\.txt: cannot be read"):
        lint(contract, tmp_path / "page.txt")
    (tmp_path / "page.txt").write_text("Nothing.", "utf-8")
    assert {each.rule for each in lint(contract, tmp_path / "page.txt").problems} == {"quote-on-the-page"}


@pytest.mark.usefixtures("npm")
@pytest.mark.xdist_group("installs Redocly")
def test_redocly_has_rules_of_its_own(contract: Contract) -> None:
    assert lint(contract, PAGE, redocly=True).problems == []
    damaged = Contract.parse(
        Path("openapi.yaml"), edited(contract.text, (("operationId: createChat", "operationId: create Chat"),))
    )
    (problem,) = lint(damaged, PAGE, redocly=True).problems
    assert problem.rule == "redocly: operation-operationId-url-safe"
    assert "operationId: create Chat" in damaged.text.splitlines()[problem.line - 1]


def test_without_node_redocly_is_left_out(contract: Contract, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert lint(contract, PAGE, redocly=True).left_out == [LeftOut("redocly", "node is not installed")]
