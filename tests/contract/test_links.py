"""Links between operations: a value that one answer has goes into another request, whatever the contract."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from alphaedge_conformance.contract import Contract
from alphaedge_conformance.errors import ConfigurationError
from alphaedge_conformance.exchange.target import build_target
from alphaedge_conformance.judging.verdicts import Conclusion, Status
from alphaedge_conformance.maintain.kill_matrix import differences, trial, trial_twice
from alphaedge_conformance.maintain.lint import lint
from alphaedge_conformance.mock import Mock
from alphaedge_conformance.run.suite import Suite
from alphaedge_conformance.sending.settings import Settings

from .edits import Document, edited, ref
from .growing import contract_of

FILE = {
    "description": "A file.",
    "type": "object",
    "required": ["id"],
    "properties": {"id": {"type": "integer", "minimum": 1, "description": "Its number.", "examples": [7]}},
}
FILES = {
    "description": "The files.",
    "type": "object",
    "required": ["files"],
    "properties": {"files": {"type": "array", "items": ref("File"), "description": "Each of them."}},
}
FIRST = "$response.body#/files/0/id"


def answers(schema: str, **more: Any) -> Document:
    content = {"application/json": {"schema": ref(schema)}}
    return {"200": {"description": "Found.", "content": content, **more}}


def parameter(name: str, where: str) -> Document:
    found = {"name": name, "in": where, "schema": {"type": "integer", "minimum": 1}, "description": "Which one."}
    return found if where == "query" else {**found, "required": True}


def linked(document: Document) -> None:
    """A list of files, a file by the number that the list has, and its parts by a number that the file has."""
    document["components"]["schemas"] |= {"File": FILE, "FileList": FILES}
    described = {"operationId": "getFile", "parameters": {"id": FIRST}, "description": "Each has an address."}
    parts = {"operationId": "listParts", "parameters": {"of": "$response.body#/id"}, "description": "So have parts."}
    of = {"description": "What it says.", "summary": "Says it.", "tags": ["chat"]}
    document["paths"] |= {
        "/v1/parts": {
            "get": {
                "operationId": "listParts",
                "parameters": [parameter("of", "query")],
                **of,
                "responses": answers("File"),
            }
        },
        "/v1/files/{id}": {
            "get": {
                "operationId": "getFile",
                "parameters": [parameter("id", "path")],
                **of,
                "responses": answers("File", links={"parts": parts}),
            }
        },
        "/v1/files": {
            "get": {"operationId": "listFiles", **of, "responses": answers("FileList", links={"described": described})}
        },
    }


def with_links(*edits: Any) -> Contract:
    return contract_of(edited(Contract.load().document, [linked, *edits]))


@pytest.fixture(scope="module")
def files() -> Suite:
    return Suite.of(with_links())


class Files(Mock):
    """Has files of its own numbers, and knows no other."""

    listed: tuple[Any, ...] = (4711, 4712)

    async def respond_as_asked(self, http: Request) -> Response:
        head, _, last = http.url.path.rpartition("/")
        known = {str(each) for each in self.listed}
        if http.url.path == "/v1/files":
            return JSONResponse({"files": [{"id": each} for each in self.listed]})
        if head == "/v1/files":
            return JSONResponse({"id": int(last) + 1}) if last in known else JSONResponse({}, 404)
        if last == "parts":
            of = parse_qs(http.url.query).get("of", [""])[0]
            return JSONResponse({"id": 1}) if of == "4712" else JSONResponse({}, 404)
        return await super().respond_as_asked(http)


def test_a_value_comes_from_the_answer_to_another_request(files: Suite) -> None:
    run, again = trial_twice(files, Files)
    assert run.conclusion is Conclusion.CONFORMS
    assert differences(run, again) == []
    asked = {each.probe.operation_name: unquote(urlsplit(each.url).path) for each in run.exchanges}
    assert asked["getFile"] == "/v1/files/4711"
    [parts] = [each for each in run.exchanges if each.probe.operation_name == "listParts"]
    assert urlsplit(parts.url).query == "of=4712"


def test_one_requirement_takes_all_that_its_requests_follow(files: Suite) -> None:
    target = build_target(files.contract, "http://127.0.0.1", None, "sk-of-nobody")
    plan = files.plan(["listParts.answer.status"], target, Settings())
    names = ["control", "getFile: control", "listFiles: control", "listParts: control"]
    assert sorted(probe.name for probe in plan.probes) == names


@pytest.mark.parametrize(
    ("listed", "why"),
    [
        ((), "the answer to 'listFiles: control' has nothing at /files/0/id"),
        (("x",), "the answer to 'listFiles: control' has nothing to ask for at /files/0/id"),
    ],
)
def test_without_a_value_nothing_is_asked_and_nobody_accused(files: Suite, listed: tuple[Any, ...], why: str) -> None:
    run = trial(files, type("Other", (Files,), {"listed": listed}), ["getFile.answer.status", "getFile.file.id-type"])
    assert {verdict.status for verdict in run.verdicts.values()} == {Status.INCONCLUSIVE}
    reason = run.verdicts["getFile.answer.status"].reason or ""
    assert reason.endswith(f"not sent: {why}")
    assert {each.probe.operation_name for each in run.exchanges} == {None, "listFiles"}


def test_links_that_go_in_a_circle_end() -> None:
    def circle(document: Document) -> None:
        back = {"operationId": "getFile", "parameters": {"id": "$response.body#/id"}, "description": "Back."}
        document["paths"]["/v1/files"]["get"]["responses"] = answers("FileList")
        document["paths"]["/v1/parts"]["get"]["responses"] = answers("File", links={"file": back})

    run = trial(Suite.of(with_links(circle)), Files, ["getFile.answer.status"])
    assert run.verdicts["getFile.answer.status"].status is Status.INCONCLUSIVE


def test_lint_takes_links() -> None:
    assert [str(each) for each in lint(with_links()).problems] == []


def link(**members: Any) -> Any:
    def change(document: Document) -> None:
        links = document["paths"]["/v1/files"]["get"]["responses"]["200"]["links"]
        links["described"] = {**links["described"], **members}

    return change


EXPRESSION = "expected names with runtime expressions such as $response.body#"


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (link(operationId="getFolder"), "expected the operationId of an operation of this contract, found"),
        (link(parameters={"name": FIRST}), "getFile has no 'name'; correct the name"),
        (
            link(parameters={"id": "$request.body#/id"}),
            EXPRESSION,
        ),
        (link(requestBody="$response.body"), EXPRESSION),
    ],
)
def test_a_link_that_cannot_be_followed_is_refused_with_its_line(edit: Any, message: str) -> None:
    contract = with_links(edit)
    assert [each.rule for each in lint(contract).problems] == ["link-followed"]
    target = build_target(contract, "http://127.0.0.1", None, "sk-of-nobody")
    suite = Suite.of(contract)
    with pytest.raises(ConfigurationError) as caught:
        suite.plan(list(suite.requirements), target, Settings())
    assert message in caught.value.text
    assert caught.value.file == Path("openapi.yaml")
    assert (caught.value.line or 0) > 1
