"""The contract file: what it says, what the page says, and what happens to a damaged one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from alphaedge_conformance.cli.conform import conformance
from alphaedge_conformance.contract import Contract
from alphaedge_conformance.contract.requirements import catalogue
from alphaedge_conformance.errors import ConfigurationError, DuplicateId
from alphaedge_conformance.exchange.target import build_target
from alphaedge_conformance.sending.limits import Limits

from ..helpers import ROOT

PAGE = (ROOT / "tests/data/page.txt").read_text("utf-8")


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
