"""A contract with several operations: each is judged, mocked and broken by mutants from its schemas alone."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from alphaedge_conformance.archive import har
from alphaedge_conformance.contract import Contract
from alphaedge_conformance.contract.further import operations
from alphaedge_conformance.contract.requirements import subject, unjudged
from alphaedge_conformance.errors import ConfigurationError
from alphaedge_conformance.exchange import Operation
from alphaedge_conformance.exchange.target import build_target
from alphaedge_conformance.judging.verdicts import Conclusion, Status
from alphaedge_conformance.maintain.diff.compare import compare
from alphaedge_conformance.maintain.kill_matrix import differences, failed, trial, trial_twice
from alphaedge_conformance.maintain.lint import lint
from alphaedge_conformance.mock import Mock
from alphaedge_conformance.mock.faults import derived
from alphaedge_conformance.report.latency import measure
from alphaedge_conformance.report.plan import describe_plan
from alphaedge_conformance.run.suite import Suite
from alphaedge_conformance.sending.settings import Settings

from .edits import EDITS, Document, edited
from .growing import assert_judged, contract_of, grown

NAMES = ("list of models", "one model", "embeddings")
TELLING = (
    "listModels.answer.status-broken",
    "listModels.authorization.missing-key-refused-broken",
    "listModels.model.owned-by-required-broken",
    "listModels.error.error-message-type-broken",
    "getModel.answer.media-type-broken",
    "createEmbedding.embedding-request.input-array-item-type-not-enforced",
    "createEmbedding.embedding-request.dimensions-type-not-enforced",
    "createEmbedding.embedding-request.dimensions-lenient-type-converted",
    "createEmbedding.embedding-request.encoding-format-enum-refused",
    "createEmbedding.embedding-request.input-array-refused",
    "createEmbedding.embedding.embedding-item-type-broken",
    "createEmbedding.error.error-required-broken",
)
"""A mutant of each kind; `make growth` tries all."""


@pytest.fixture(scope="module")
def several() -> Suite:
    return Suite.of(grown(NAMES))


def own(suite: Suite, operation: str) -> list[str]:
    return [id for id, each in suite.requirements.items() if each.operation == operation]


def test_what_the_primary_operation_is_judged_by_stays(suite: Suite, several: Suite) -> None:
    of_primary = {id: each for id, each in several.requirements.items() if each.operation is None}
    assert of_primary == suite.requirements
    target, wanted = build_target(suite.contract, "http://127.0.0.1", None, "sk-of-nobody"), list(suite.requirements)
    plans = [each.plan(wanted, target, Settings()) for each in (suite, several)]
    assert plans[0].probes == plans[1].probes


def test_ids_begin_with_the_operation(several: Suite) -> None:
    assert [each.name for each in operations(several.contract)] == ["listModels", "getModel", "createEmbedding"]
    for id, each in several.requirements.items():
        assert id.count(".") == (1 if each.operation is None else 2)
        assert each.operation is None or id.startswith(f"{each.operation}.")


def test_each_is_judged_and_mocked(suite: Suite, several: Suite) -> None:
    assert_judged(several, suite)


def test_a_recording_says_the_same(several: Suite) -> None:
    run, again = trial_twice(several, Mock)
    assert run.conclusion is Conclusion.CONFORMS
    assert differences(run, again) == []


def test_a_contract_without_an_operation_judges_a_recording_that_has_it(
    suite: Suite, several: Suite, tmp_path: Path
) -> None:
    trial(several, Mock, report=tmp_path)
    recording = har.read([tmp_path / har.ARCHIVE], several.contract.path)
    run = suite.replay(list(suite.requirements), recording, Settings())
    assert run.conclusion is Conclusion.CONFORMS
    assert {each.probe.operation for each in run.exchanges} == {None}


@pytest.mark.slow
def test_a_mutant_of_each_kind_breaks_what_it_says(several: Suite) -> None:
    faults = {fault.name: fault for fault in derived.faults(several.contract)}
    found = {name: failed(trial(several, faults[name].make)) for name in TELLING}
    assert found == {name: faults[name].breaks for name in TELLING}


def test_every_requirement_has_a_mutant(several: Suite) -> None:
    broken = {id for fault in derived.faults(several.contract) for id in fault.breaks}
    further = {id for id, each in several.requirements.items() if each.operation is not None}
    assert further - broken == set()


def test_an_operation_without_a_request_of_its_own_takes_one(several: Suite) -> None:
    run = trial(several, Mock, own(several, "listModels"))
    assert [each.probe.name for each in run.exchanges] == ["control", "listModels: control", "listModels: no key"]
    assert {verdict.status for verdict in run.verdicts.values()} == {Status.PASSED}


class Without(Mock):
    """A server that has chat completions alone."""

    status = 404

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.others = {}

    async def respond(self, http: Request) -> Response:
        if http.url.path != self.contract.path:
            return JSONResponse({"error": {"message": "No.", "type": "x"}}, self.status)
        return await super().respond(http)


@pytest.mark.parametrize("status", [404, 405, 501])
def test_a_server_without_an_optional_operation_is_not_accused(several: Suite, status: int) -> None:
    of_embeddings = own(several, "createEmbedding")
    run, again = trial_twice(several, type("Lacks", (Without,), {"status": status}))
    for each in (run, again):
        found = Counter((verdict.requirement.operation, verdict.status) for verdict in each.verdicts.values())
        assert found["createEmbedding", Status.NOT_APPLICABLE] == len(of_embeddings)
        assert found["listModels", Status.NOT_APPLICABLE] == len(own(several, "listModels"))
        reason = each.verdicts["createEmbedding.answer.status"].reason
        assert reason == f"POST /v1/embeddings is optional, and was answered {status}"
    # the one that is not optional is missed, and nothing else of it is guessed
    assert failed(run) == {"getModel.answer.status"}
    sent = Counter(each.probe.operation_name for each in run.exchanges if not each.probe.alone)
    assert (sent["createEmbedding"], sent["listModels"], sent["getModel"]) == (1, 1, 1)


def test_a_server_without_any_conforms_where_all_are_optional() -> None:
    suite = Suite.of(grown(["list of models", "embeddings"]))
    run = trial(suite, Without)
    assert (run.conclusion, run.unsent) == (Conclusion.CONFORMS, 0)


def test_plans_and_reports_group_by_operation(several: Suite) -> None:
    target = build_target(several.contract, "http://127.0.0.1", None, "sk-of-nobody")
    wanted = list(several.requirements)
    plan = several.plan(wanted, target, Settings())
    lines = describe_plan(plan, wanted).splitlines()
    for operation in ("listModels", "getModel", "createEmbedding"):
        [line] = [line for line in lines if line.startswith(f"{operation} ")]
        own = [probe for probe in plan.probes if probe.operation_name == operation]
        assert int(line.split()[1]) == len(own) > 1
        assert {subject(id) for probe in own for id in probe.requirement_ids} == {operation}


def test_times_are_those_of_the_primary_operation(several: Suite) -> None:
    run = trial(several, Mock, own(several, "listModels"))
    of_primary = [each for each in run.exchanges if each.probe.operation is None]
    assert len(run.exchanges) > len(of_primary)
    assert measure(run.exchanges, []) == measure(of_primary, [])


def test_where_it_is_asked_for(several: Suite) -> None:
    models, model, _ = (
        Operation.of(several.contract, each, {"model": "org/large 2"}) for each in operations(several.contract)
    )
    assert models.url("http://h/v1/chat/completions") == "http://h/v1/models"
    assert models.url("http://h/api/v3/chat/completions") == "http://h/api/v3/models"
    assert model.url("http://h/proxy/v1/chat/completions") == "http://h/proxy/v1/models/org%2Flarge%202"


def test_a_parameter_that_is_needed_is_sent_and_named_by_lint() -> None:
    def query(document: Document) -> None:
        document["paths"]["/v1/models"]["get"]["parameters"] = [
            {"name": "kind", "in": "query", "required": True, "schema": {"type": "string", "enum": ["a b"]}}
        ]

    contract = contract_of(edited(grown(["list of models"]).document, [query]))
    [models] = operations(contract)
    assert Operation.of(contract, models, {}).path == "/models?kind=a%20b"
    assert [each.pointer for each in unjudged(contract)] == ["/paths/~1v1~1models/get/parameters/0"]
    run = trial(Suite.of(contract), Mock)
    assert run.conclusion is Conclusion.CONFORMS


def test_a_sentence_names_its_operation() -> None:
    """By its pointer, or by the place where it stands; its check is the one of that sentence."""

    def stated(document: Document) -> None:
        entry = {"level": "MUST", "source": "convention", "text": "No stack trace.", "pointer": "/paths/~1v1~1models"}
        document["paths"]["/v1/models"]["get"]["x-requirements"] = [{"id": "error.no-stack-trace", **entry}]
        document["x-requirements"].append(
            {"id": "error.json", "operation": "/paths/~1v1~1embeddings/post", **entry, "text": "An error is JSON."}
        )

    document = edited(grown(["list of models", "embeddings"]).document, [stated])
    suite = Suite.of(contract_of(document))
    ids = ["listModels.error.no-stack-trace", "createEmbedding.error.json"]
    assert [suite.requirements[id].operation for id in ids] == ["listModels", "createEmbedding"]
    run = trial(suite, Mock, ids)
    assert {id: run.verdicts[id].status for id in ids} == dict.fromkeys(ids, Status.PASSED)


def test_schemas_that_stand_in_their_operation_are_named_by_what_they_are_there() -> None:
    def inline(document: Document) -> None:
        post, schemas = document["paths"]["/v1/embeddings"]["post"], document["components"]["schemas"]
        for of in (post["requestBody"], post["responses"]["200"]):
            media = of["content"]["application/json"]
            media["schema"] = schemas[media["schema"]["$ref"].rpartition("/")[2]]

    before = Suite.of(grown(["embeddings"]))
    after = Suite.of(contract_of(edited(before.contract.document, [inline])))
    subjects = {"embedding-request": "request", "embedding-list": "answer"}
    renamed = {of: f".{subjects.get(of.split('.')[1], of.split('.')[1])}." for of in own(before, "createEmbedding")}
    assert set(own(after, "createEmbedding")) == {of.replace(f".{of.split('.')[1]}.", to) for of, to in renamed.items()}


def test_the_example_of_an_operation_is_what_it_is_asked(several: Suite) -> None:
    def example(document: Document) -> None:
        document["paths"]["/v1/embeddings"]["post"]["requestBody"]["content"]["application/json"]["example"] = {
            "model": "of-the-example",
            "input": "Of the example.",
        }

    suite = Suite.of(contract_of(edited(grown(["embeddings"]).document, [example])))
    target = build_target(suite.contract, "http://127.0.0.1", None, "sk-of-nobody")
    every = suite.plan(own(suite, "createEmbedding"), target, Settings()).probes
    (control,) = (each for each in every if each.operation_name == "createEmbedding" and each.is_control)
    assert control.request["input"] == "Of the example."


def without(member: str) -> Any:
    return lambda document: document["paths"]["/v1/embeddings"]["post"].pop(member)


def form(document: Document) -> None:
    body = document["paths"]["/v1/embeddings"]["post"]["requestBody"]
    body["content"] = {"multipart/form-data": body["content"]["application/json"]}


def header(document: Document) -> None:
    document["paths"]["/v1/embeddings"]["post"]["parameters"] = [
        {"name": "X-Organisation", "in": "header", "required": True, "schema": {"type": "string"}}
    ]


def undeclared(document: Document) -> None:
    document["paths"]["/v1/embeddings/{id}"] = document["paths"].pop("/v1/embeddings")


def named_alike(document: Document) -> None:
    document["paths"]["/v1/embeddings"]["post"]["operationId"] = "createChatCompletion"


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (without("operationId"), "expected an operationId of letters, digits, - and _, found None"),
        (named_alike, "the operationId createChatCompletion is that of /paths/~1v1~1chat~1completions/post too"),
        (form, "expected a request body of application/json, with a schema"),
        (header, "the kit sends no header parameters; leave X-Organisation optional"),
        (undeclared, "the path has {id}, which is not a parameter; add it to `parameters`"),
    ],
)
def test_what_cannot_be_judged_is_refused_with_its_line(edit: Any, message: str) -> None:
    contract = contract_of(edited(grown(["embeddings"]).document, [edit]))
    with pytest.raises(ConfigurationError) as caught:
        Suite.of(contract)
    assert message in caught.value.text
    assert caught.value.file == Path("openapi.yaml")
    assert (caught.value.line or 0) > 1


def test_the_primary_operation_is_the_one_with_a_stream_wherever_it_stands(contract: Contract) -> None:
    document = edited(contract.document, [EDITS["embeddings"]])
    document["paths"] = dict(reversed(document["paths"].items()))
    assert contract_of(document).path == contract.path


def judged(old: Contract, new: Contract) -> dict[tuple[str, str], tuple[str, str]]:
    """Whom each change of an operation hurts, clients and servers, by its rule and text."""
    found, left_out = compare(old, new)
    assert left_out == []
    rules = ("operation", "x-optional")
    return {(each.rule, each.text): (str(each.clients), str(each.servers)) for each in found if each.rule in rules}


def test_a_comparison_says_whom_an_operation_breaks(contract: Contract) -> None:
    optional = grown(["embeddings"])
    required = contract_of(
        edited(optional.document, [lambda document: document["paths"]["/v1/embeddings"]["post"].pop("x-optional")])
    )
    name, of = "POST /v1/embeddings", " of POST /v1/embeddings"
    assert judged(optional, contract) == {("operation", f"{name} is gone"): ("breaking", "safe")}
    assert judged(contract, optional) == {("operation", f"{name} is new"): ("safe", "safe")}
    assert judged(contract, required) == {("operation", f"{name} is new"): ("safe", "breaking")}
    text = f"a server may now lack the operation{of}"
    assert judged(required, optional) == {("x-optional", text): ("breaking", "safe")}
    text = f"a server may no longer lack the operation{of}"
    assert judged(optional, required) == {("x-optional", text): ("safe", "breaking")}


def test_what_a_removed_operation_was_judged_by_is_named(contract: Contract) -> None:
    found, _ = compare(grown(["list of models"]), contract)
    [gone] = [each for each in found if each.rule == "operation"]
    assert "listModels.answer.status" in gone.requirements
    assert gone.line > 1


def test_lint_judges_every_operation() -> None:
    good = lint(grown(NAMES))
    assert [str(each) for each in good.problems] == []

    def unnamed(document: Document) -> None:
        del document["paths"]["/v1/models"]["get"]["operationId"]

    def taken(document: Document) -> None:
        members = document["components"]["schemas"]["EmbeddingRequest"]["properties"]
        members["timeout"] = {"type": "number", "description": "Seconds."}

    bad = lint(contract_of(edited(good.contract.document, [unnamed])))
    texts = [each.text for each in bad.problems if each.rule == "openapi-valid"]
    assert [each for each in texts if "expected an operationId" in each]
    bad = lint(contract_of(edited(good.contract.document, [taken])))
    assert [each.rule for each in bad.problems] == ["member-named"]
