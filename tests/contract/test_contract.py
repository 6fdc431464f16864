"""The contract file: what it says, what the page says, and what happens to a damaged one."""

from __future__ import annotations

import copy
import re
from contextlib import suppress
from functools import reduce
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alphaedge_conformance.cli.conform import conformance
from alphaedge_conformance.contract import Contract
from alphaedge_conformance.contract.requirements import catalogue
from alphaedge_conformance.errors import ConfigurationError, DuplicateId
from alphaedge_conformance.exchange.target import build_target
from alphaedge_conformance.run.suite import Suite
from alphaedge_conformance.sending.limits import Limits
from alphaedge_conformance.sending.settings import Settings

from .. import helpers
from ..changing import JSON, places, replaced
from .small import ROOT, small

PAGE = (helpers.ROOT / "tests/data/page.txt").read_text("utf-8")


def words(text: str) -> str:
    return " ".join(text.split())


def test_samples_are_the_page_s_word_for_word(contract: Contract) -> None:
    samples = [sample["source"] for sample in contract.operation["x-codeSamples"]]
    assert len(samples) == 3
    for sample in samples:
        assert sample.strip() in PAGE


def test_every_quote_is_on_the_page(contract: Contract) -> None:
    page = words(PAGE)
    quoted = [requirement for requirement in catalogue(contract).values() if requirement.quote]
    assert len(quoted) > 50
    assert [requirement.id for requirement in quoted if words(requirement.quote or "") not in page] == []


def test_examples_keep_their_schemas(contract: Contract) -> None:
    content = contract.operation["responses"]["200"]["content"]["application/json"]
    for example in content["examples"].values():
        assert contract.violations(contract.completion_schema, example["value"]) == []
    assert contract.violations(contract.request_schema, contract.example_request) == []
    assert contract.example_request["model"] in PAGE


READING = """
endpoint.method-refused authorization.wrong-key-refused authorization.key-not-echoed request.model-required
request.model-unknown-refused request.messages-required request.messages-min-items message.role-enum
message.content-accepted request.max-tokens-type request.max-tokens-minimum max-tokens.kept max-tokens.kept-in-stream
request.temperature-minimum request.temperature-maximum request.temperature-accepted request.stream-default
request.stream-true request.null-undecided request.unknown-member-undecided completion.id-min-length
completion.id-unique completion.object-const completion.model-min-length completion.created-type
completion.created-now completion.choices-min-items choice.index-from-zero assistant-message.role-const
assistant-message.content-type finish-reason.type finish-reason.enum finish-reason.length-when-cut
usage.prompt-tokens-minimum usage.total-is-the-sum usage.prompt-counted usage.prompt-grows error.never-5xx
error.error-message-type error.no-stack-trace body.malformed-json-refused body.empty-refused
body.wrong-media-type-refused stream.media-type stream.done stream.ends stream.one-identity
stream.role-with-first-text stream.deltas stream.one-finish-reason stream.nothing-after-finish
stream.refused-by-status stream.incremental stream.folds
"""


def test_every_row_of_the_reading_has_a_requirement(contract: Contract) -> None:
    """The table in DESIGN.md, by at least one requirement of each row."""
    assert set(READING.split()) - set(catalogue(contract)) == set()


def test_a_wrong_type_hides_what_else_is_wrong_at_its_place(contract: Contract) -> None:
    choice = {"index": 0, "message": {"role": None, "content": ""}, "finish_reason": "stop"}
    completion = {"id": "", "object": 7, "model": "m", "created": 1, "choices": [choice], "usage": None}
    broken = contract.violations(contract.completion_schema, completion)
    assert {(each.pointer.removeprefix("/components/schemas/"), each.path) for each in broken} == {
        ("ChatCompletion/properties/id/minLength", ("id",)),
        ("ChatCompletion/properties/object/type", ("object",)),
        ("AssistantMessage/properties/role/type", ("choices", 0, "message", "role")),
        ("Usage/type", ("usage",)),
    }


def test_null_is_one_branch_and_breaks_nothing(contract: Contract) -> None:
    chunk = {"id": "a", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [], "usage": None}
    assert contract.violations(contract.chunk_schema, chunk) == []
    broken = contract.violations(contract.chunk_schema, {**chunk, "usage": {"prompt_tokens": -1}})
    assert {violation.pointer.rpartition("Usage/")[2] for violation in broken} == {
        "required/1",
        "required/2",
        "properties/prompt_tokens/minimum",
    }


def test_a_condition_is_judged_where_it_is_met() -> None:
    contract = small({"type": "object", "dependentRequired": {"a": ["b"]}})
    at = f"{ROOT}/dependentRequired/a/0"
    assert contract.exercised(ROOT, {"a": 1, "b": 2}) == {f"{ROOT}/type", at}
    assert contract.exercised(ROOT, {"b": 2}) == contract.exercised(ROOT, [1]) == {f"{ROOT}/type"}


def test_members_may_be_called_as_keywords_are() -> None:
    names = ("not", "items", "properties", "contains")
    contract = small({"type": "object", "properties": {name: {"type": "string"} for name in names}})
    for name in names:
        assert contract.exercised(ROOT, {name: "x"}) == {f"{ROOT}/type", f"{ROOT}/properties/{name}/type"}


@pytest.mark.parametrize("other", [{"const": 1}, {"enum": [1, 2]}, {"type": "integer"}])
def test_a_value_is_held_against_the_branch_that_it_is_meant_for(other: dict[str, Any]) -> None:
    contract = small({"anyOf": [other, {"type": "string", "minLength": 3}]})
    assert [each.pointer for each in contract.violations(ROOT, "ab")] == [f"{ROOT}/anyOf/1/minLength"]


def test_what_tells_programs_or_people_alone_is_no_assertion() -> None:
    said = {"title": "T", "externalDocs": {"url": "u"}, "xml": {}, "$comment": "c", "deprecated": True, "example": 3}
    more = {"readOnly": True, "writeOnly": False, "contentMediaType": "a/b", "contentEncoding": "c", "x-mine": 1}
    (keyword,) = small({"type": "integer", **said, **more}).keywords(ROOT)
    assert keyword.name == "type"


@pytest.mark.parametrize("name", ["then", "else"])
def test_a_condition_may_have_one_side(name: str) -> None:
    side = {name: {"required": ["b"]}}
    found = [each.pointer for each in small({"if": {"required": ["a"]}, **side}).keywords(ROOT)]
    assert found == [f"{ROOT}/{name}/required/0"]
    assert list(small(side).keywords(ROOT)) == []


def test_the_line_of_what_is_no_yaml() -> None:
    with pytest.raises(ConfigurationError, match="is not valid YAML") as caught:
        Contract.parse(Path("openapi.yaml"), "a: 1\nb: c: d\n")
    assert caught.value.line == 2
    with pytest.raises(ConfigurationError, match="is not valid YAML") as caught:
        Contract.parse(Path("openapi.yaml"), "a: 1\nb: \0\n")
    assert caught.value.line == 1  # a character that YAML forbids has no line


@pytest.mark.parametrize(
    ("old", "new", "line_of", "message"),
    [
        ("openapi: 3.2.0", "openapi: [3.2.0", None, "is not valid YAML"),
        ("paths:", "trails:", None, "expected an OpenAPI document with `paths`"),
        ("minItems: 1", "sizeItems: 1", "sizeItems: 1", "no rule is known for the keyword `sizeItems`"),
        ("source: convention", "source: hearsay", "- id: endpoint.method-refused", "'hearsay' is not a valid Source"),
        ("level: SHOULD", "level: OUGHT", "- id: endpoint.method-refused", "'OUGHT' is not a valid Level"),
        ("id: endpoint.method-refused", "id: Endpoint", "- id: Endpoint", "expected an id in kebab-case"),
        ("id: error.json", "id: error.never-5xx", None, "the id error.never-5xx is taken"),
        ("    post:", "    put:", "paths:", "expected a POST operation, found none"),
        ("quote: stream false", "", None, "give the page's words as `quote` exactly when documented"),
    ],
)
def test_a_damaged_contract_is_named_with_its_line(
    contract: Contract, tmp_path: Path, old: str, new: str, line_of: str | None, message: str
) -> None:
    assert old in contract.text
    damaged = contract.text.replace(old, new, 1)
    path = tmp_path / "openapi.yaml"
    path.write_text(damaged, "utf-8")
    with pytest.raises(ConfigurationError, match=re.escape(message)) as caught:
        catalogue(Contract.load(path))
    if line_of is not None:
        line = next(number for number, text in enumerate(damaged.splitlines(), 1) if line_of in text)
        assert str(caught.value).startswith(f"{path}:{line}")
        assert (caught.value.file, caught.value.line) == (path, line)
        assert str(path) not in caught.value.text


def test_an_id_that_is_taken_is_data(contract: Contract) -> None:
    damaged = Contract.parse(contract.source, contract.text.replace("id: error.json", "id: error.never-5xx", 1))
    with pytest.raises(DuplicateId) as caught:
        catalogue(damaged)
    assert caught.value.id == "error.never-5xx"


def test_the_digest_is_of_the_meaning(contract: Contract, tmp_path: Path) -> None:
    path = tmp_path / "openapi.yaml"
    path.write_text("# a comment\n" + contract.text, "utf-8")
    assert Contract.load(path).digest == contract.digest
    path.write_text(contract.text.replace("maximum: 2", "maximum: 3"), "utf-8")
    assert Contract.load(path).digest != contract.digest


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("", "/v1/chat/completions"),
        ("/", "/v1/chat/completions"),
        ("/v1", "/v1/chat/completions"),
        ("/v1/chat", "/v1/chat/completions"),
        ("/v1/chat/completions/", "/v1/chat/completions"),
        ("/api", "/api/v1/chat/completions"),
        ("/api/v1", "/api/v1/chat/completions"),
        ("/api/v3", "/api/v3/chat/completions"),
        ("/api/v3/chat/completions", "/api/v3/chat/completions"),
        ("/v1beta", "/v1beta/chat/completions"),
        ("/chat/completions", "/chat/completions"),
        ("/openai/deployments/x/chat/completions", "/openai/deployments/x/chat/completions"),
        ("/vllm", "/vllm/v1/chat/completions"),
    ],
)
def test_an_address_is_completed_or_used_as_it_is(contract: Contract, path: str, expected: str) -> None:
    assert build_target(contract, f"http://host:1{path}", None, "").url == f"http://host:1{expected}"


@pytest.mark.parametrize("given", [None, 3.0])
def test_the_first_byte_may_take_as_long_as_the_whole(given: float | None) -> None:
    limits = Limits(whole=60) if given is None else Limits(whole=60, first_byte=given)
    assert limits.until_first_byte == (given or 60)
    arguments = ["http://host", "--timeout", "60", *(["--first-byte-timeout", "3"] if given else [])]
    assert conformance(arguments).settings.limits.until_first_byte == (given or 60)


@pytest.mark.parametrize(
    ("keywords", "says"),
    [
        ("enum: [fast, null, true]", 'is not "fast", null or true'),
        ("const: {kind: [x]}", 'is not {"kind": ["x"]}'),
        ("exclusiveMinimum: 0", "is not above 0"),
        ("multipleOf: 0.5", "is not a multiple of 0.5"),
        ("maxLength: 5", "has more than 5 characters"),
        ("uniqueItems: true", "has an item twice"),
        ('pattern: "^a+$"', 'does not match the pattern "^a+$"'),
        ("type: object\n          additionalProperties: false", "has something that the contract does not name"),
        ("type: array\n          contains: {const: 1}", "has no item that the contract asks for"),
    ],
)
def test_a_sentence_is_english_and_leaks_no_python(contract: Contract, keywords: str, says: str) -> None:
    """Whatever the value of a keyword is, it is shown as JSON."""
    at = "        stream:\n          description: Whether"
    assert at in contract.text
    added = f"        pace:\n          description: How fast.\n          {keywords}\n"
    changed = Contract.parse(contract.source, contract.text.replace(at, added + at, 1))
    texts = [each.text for each in catalogue(changed).values() if each.id.startswith("request.pace")]
    assert any(f"A request in which `request.pace` {says} is refused" in text for text in texts), texts


def test_an_item_is_named_after_its_list(contract: Contract) -> None:
    at = "        stream:\n          description: Whether"
    added = "        pace:\n          description: How fast.\n          items: {minimum: 1}\n"
    changed = Contract.parse(contract.source, contract.text.replace(at, added + at, 1))
    assert "`request.pace[]` is below 1" in catalogue(changed)["request.pace-item-minimum"].text


DAMAGES: list[tuple[tuple[str | int, ...], Any, str]] = [
    (("components", "schemas", "ChatMessage", "properties", "role", "type"), "strin", "is not a valid JSON Schema"),
    (("components", "schemas", "Usage", "required"), {"a": 1}, "is not a valid JSON Schema"),
    (("components", "schemas", "Usage", "properties"), None, "is not a valid JSON Schema"),
    (("x-requirements", 0, "id"), 5, "expected id, level, source, text and a pointer"),
    (("x-requirements", 0, "text"), ["x"], "expected id, level, source, text and a pointer"),
    (
        ("components", "schemas", "ChatCompletionRequest", "properties", "messages", "x-levels", "minItems"),
        "OFTEN",
        "expected one of MUST, SHOULD, MAY as the level of minItems, found 'OFTEN'",
    ),
    (("paths", "/v1/chat/completions", "post", "responses", "400"), True, "run `alphaedge-contract lint` on it"),
    (("components", "responses", "Error"), {"description": "x"}, "run `alphaedge-contract lint` on it"),
    (("paths", "/v1/chat/completions", "parameters"), 3, "run `alphaedge-contract lint` on it"),
    (("servers",), "x", "run `alphaedge-contract lint` on it"),
    (("openapi",), "2.0", "run `alphaedge-contract lint` on it"),
    (("servers", 0, "url"), ["x"], "run `alphaedge-contract lint` on it"),
]


@pytest.mark.parametrize(("place", "value", "says"), DAMAGES, ids=["/".join(map(str, at)) for at, *_ in DAMAGES])
def test_a_damaged_contract_is_refused_by_name(
    contract: Contract, tmp_path: Path, place: tuple[str | int, ...], value: Any, says: str
) -> None:
    """By the command too, whatever part has another form than OpenAPI gives it."""
    document: Any = copy.deepcopy(contract.document)
    *path, last = place
    reduce(lambda inner, step: inner[step], path, document)[last] = value
    file = tmp_path / "damaged.yaml"
    file.write_text(yaml.safe_dump(document, sort_keys=False), "utf-8")
    target = build_target(contract, "http://127.0.0.1", None, "sk-of-nobody")
    with pytest.raises(ConfigurationError) as caught:
        suite = Suite.of(Contract.load(file))
        suite.plan(list(suite.requirements), target, Settings())
    assert str(caught.value).startswith(str(file))
    assert says in str(caught.value)


@pytest.mark.slow  # 10 s
@pytest.mark.filterwarnings("ignore:Generating overly large repr")
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.nested_given])
@given(
    where=st.integers(0, 10**6), value=JSON | st.sampled_from(["string", {"$ref": "#/nowhere"}, {"type": "integer"}])
)
def test_any_damage_is_refused_or_of_no_matter(contract: Contract, where: int, value: Any) -> None:
    every = places(contract.document)
    document = replaced(contract.document, every[where % len(every)], value)
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True)
    target = build_target(contract, "http://127.0.0.1", None, "sk-of-nobody")
    with TemporaryDirectory() as folder:
        file = Path(folder, "damaged.yaml")
        file.write_bytes(text.encode("utf-8", "surrogatepass"))
        with suppress(ConfigurationError):
            suite = Suite.of(Contract.load(file))
            suite.plan(list(suite.requirements), target, Settings())
