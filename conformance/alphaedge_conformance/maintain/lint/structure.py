"""The contract is OpenAPI 3.2, its schemas are JSON Schema, and nothing lies in it unused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...contract import Contract, pointer, tokens
from ...contract.further import operations
from ...contract.links import links
from ...contract.names import reserved
from ...contract.requirements import unjudged
from ...errors import ConfigurationError
from .problem import LeftOut, Problem, problem

VALID, USED = "openapi-valid", "component-used"
NAMED, JUDGED, FOLLOWED = "member-named", "keyword-judged", "link-followed"


def lost(contract: Contract) -> Iterator[Problem]:
    """Every `$ref` that leads nowhere, or round and round; no other rule can say much before they are right."""
    for here in contract.pointers():
        part = contract.at(here)
        if isinstance(part, dict) and isinstance(part.get("$ref"), str):
            try:
                contract.resolve(here)
            except (ConfigurationError, TypeError) as error:
                text = error.text if isinstance(error, ConfigurationError) else part["$ref"]
                yield problem(contract, VALID, here, f"{text}; correct it")


def valid(contract: Contract) -> Iterator[Problem | LeftOut]:
    """What openapi-spec-validator, the metaschema and the kit itself have to say."""
    malformed = [*contract.malformed()]
    for here, wrong in malformed:
        yield problem(contract, VALID, here, f"{here} is not a valid JSON Schema: {wrong}; correct it")
    try:
        from openapi_spec_validator import OpenAPIV32SpecValidator
    except ImportError:
        yield LeftOut(VALID, "openapi-spec-validator is not installed; install it, or run this in a checkout")
    else:
        if not str(contract.document.get("openapi", "")).startswith("3.2."):
            yield problem(contract, VALID, "/openapi", "expected `openapi: 3.2.0`; the kit reads that version")
        validator = OpenAPIV32SpecValidator(contract.document)
        # Its rules beyond the schema of OpenAPI expect a document that is valid against it.
        try:
            errors = list(validator.schema_validator.iter_errors(contract.document)) or list(validator.iter_errors())
        except (AttributeError, KeyError, TypeError) as wrong:
            yield LeftOut(VALID, f"openapi-spec-validator cannot read it ({type(wrong).__name__}: {wrong})")
            errors = []
        for error in errors:
            here = pointer(*error.absolute_path)
            yield problem(contract, VALID, here, f"{here or 'the document'}: {error.message}; correct it")
    if malformed:
        return
    try:
        contract.check()
        operations(contract)
    except ConfigurationError as error:
        yield located(contract, VALID, error)
    except (AttributeError, KeyError, TypeError) as error:
        yield problem(contract, VALID, "", f"a part that the kit needs is missing or of another form: {error}; add it")


def named(contract: Contract) -> Iterator[Problem | LeftOut]:
    """No member has a name that the generated clients use for something else."""
    try:
        yield from (problem(contract, NAMED, here, message) for here, message in reserved(contract))
    except ConfigurationError:
        yield LeftOut(NAMED, "needs every keyword to be known first")


def judged(contract: Contract) -> Iterator[Problem | LeftOut]:
    """What no probe and no answer can show is said, with the line."""
    try:
        for each in unjudged(contract):
            file, line = contract.place(each.pointer)
            where = f"{file}:{line}: {each.pointer}"
            yield LeftOut(JUDGED, f"{where}: {each.why}")
    except ConfigurationError:
        yield LeftOut(JUDGED, "needs every keyword to be known first")


def followed(contract: Contract) -> Iterator[Problem | LeftOut]:
    """Each link leads from an answer to a request of the contract."""
    try:
        list(links(contract))
    except ConfigurationError as error:
        yield located(contract, FOLLOWED, error)


def located(contract: Contract, rule: str, error: ConfigurationError) -> Problem:
    """A problem that was raised as an error."""
    return Problem(rule, str(error.file or contract.source), error.line or 1, f"{error.text}; correct it")


def used(contract: Contract) -> Iterator[Problem | LeftOut]:
    """Every component is reached from outside of the components."""
    outside = {name: part for name, part in contract.document.items() if name != "components"}
    reached: set[str] = set()
    todo = [outside]
    while todo:
        for here in _named(todo.pop()):
            if here not in reached and contract.has(here):
                reached.add(here)
                todo.append(contract.at(here))
    for kind, components in contract.document.get("components", {}).items():
        for name in components if isinstance(components, dict) and not kind.startswith("x-") else ():
            here = pointer("components", kind, name)
            if here not in reached:
                yield problem(contract, USED, here, f"nothing uses {kind}/{name}; use it or remove it")


def _named(part: Any) -> Iterator[str]:
    """The components that a part names, by `$ref`, in `security` or in a discriminator."""
    if isinstance(part, dict):
        for name, value in part.items():
            if name == "$ref" and isinstance(value, str):
                yield pointer(*tokens(value.removeprefix("#"))[:3])
            elif name == "security" and isinstance(value, list):
                yield from (pointer("components", "securitySchemes", scheme) for way in value for scheme in way)
            elif name == "mapping" and isinstance(value, dict):
                yield from (target.removeprefix("#") for target in value.values() if str(target).startswith("#/"))
            yield from _named(value)
    elif isinstance(part, list):
        for each in part:
            yield from _named(each)
