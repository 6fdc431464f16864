"""Every requirement is whole, has a check, and is on the page where it says so."""

from __future__ import annotations

import inspect
import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...contract import SHIPPED, Contract
from ...contract.requirements import PROFILE, Level, Source, catalogue, entries
from ...errors import ConfigurationError, DuplicateId
from .problem import LeftOut, Problem, problem
from .structure import located

COMPLETE, UNIQUE, LEVELLED = "requirement-complete", "requirement-unique", "level-of-a-keyword"
CHECKED, QUOTED = "requirement-checked", "quote-on-the-page"
ID = r"[a-z0-9]+(-[a-z0-9]+)*\.[a-z0-9]+(-[a-z0-9]+)*"


def _entries(contract: Contract) -> Iterator[tuple[str, dict[str, Any]]]:
    for here, entry in entries(contract).items():
        yield here, entry if isinstance(entry, dict) else {}


def complete(contract: Contract) -> Iterator[Problem | LeftOut]:
    """Id, level, source, text, a pointer that leads somewhere, and a quote where the page is the source."""
    try:
        entries(contract)
    except ConfigurationError as error:
        yield located(contract, COMPLETE, error)
        return
    ids = Counter((_above(here, entry), str(entry.get("id"))) for here, entry in _entries(contract))
    before = 0
    for here, entry in _entries(contract):
        id = str(entry.get("id"))
        for wrong in _wrong(contract, entry):
            before += 1
            yield problem(contract, COMPLETE, here, f"{id}: {wrong}")
        if (times := ids[_above(here, entry), id]) > 1:
            before += 1
            yield problem(contract, UNIQUE, here, f"the id {id} is taken {times} times; give each its own")
    if not before:
        try:
            catalogue(contract)
        except DuplicateId as error:
            places = [here for here, entry in _entries(contract) if entry.get("id") == error.id]
            if places:
                message = f"the id {error.id} is taken, by a keyword of a schema; give it another"
                yield problem(contract, UNIQUE, places[0], message)
            else:
                yield located(contract, UNIQUE, error)
        except ConfigurationError as error:
            yield located(contract, COMPLETE, error)
        except (KeyError, TypeError, ValueError, AttributeError):
            yield LeftOut(COMPLETE, "the keywords of a contract that is not valid OpenAPI are not requirements yet")


def _above(here: str, entry: dict[str, Any]) -> Any:
    """The operation that an entry names, or else stands under."""
    return entry.get("operation", here.partition("/x-requirements")[0])


def _wrong(contract: Contract, entry: dict[str, Any]) -> Iterator[str]:
    if not re.fullmatch(ID, str(entry.get("id"))):
        yield "expected an id in kebab-case as `subject.statement`; rename it"
    if not isinstance(entry.get("text"), str) or not entry["text"].strip():
        yield "has no `text`; say in one sentence what must hold"
    sources = [*Source, *(PROFILE + name for name in contract.profiles)]
    for word, known in (("level", list(Level)), ("source", sources)):
        if entry.get(word) not in known:
            yield f"has no `{word}`; give one of {', '.join(known)}, it has {entry.get(word)!r}"
    if (entry.get("source") == Source.DOCUMENTED) != bool(entry.get("quote")):
        yield "give the page's words as `quote` exactly when it is documented"
    if not contract.has(str(entry.get("pointer"))) or not str(entry.get("pointer")).startswith("/"):
        yield f"its `pointer` does not resolve: {entry.get('pointer')}; correct it"
    if "operation" in entry and entry["operation"] not in contract.operation_pointers:
        yield f"its `operation` is not one: {entry['operation']}; give its JSON pointer, as /paths/~1v1~1models/get"


def levelled(contract: Contract) -> Iterator[Problem | LeftOut]:
    """Every entry of `x-levels` is a level, of a keyword that is there."""
    for here in contract.pointers():
        part = contract.at(here)
        if not isinstance(part, dict) or "x-levels" not in part:
            continue
        if not isinstance(part["x-levels"], dict):
            yield problem(
                contract, LEVELLED, f"{here}/x-levels", "expected a level for each keyword; write {type: SHOULD}"
            )
            continue
        around, _, member = here.rpartition("/properties/")
        for keyword, level in part["x-levels"].items():
            at = f"{here}/x-levels/{keyword}"
            if level not in list(Level):
                yield problem(contract, LEVELLED, at, f"{level!r} is not a level; give one of {', '.join(Level)}")
            there = member in (contract.at(around).get("required") or ()) if keyword == "required" and around else False
            if not there and keyword not in part:
                message = f"there is no `{keyword}` here; remove its level or correct the name"
                yield problem(contract, LEVELLED, at, message)


def checked(contract: Contract) -> Iterator[Problem | LeftOut]:
    """Requirements and checks, one to one."""
    from ...judging.checks import STATED

    checks = STATED
    try:
        known = {str(entry.get("id")): here for here, entry in _entries(contract)}
    except ConfigurationError:
        yield LeftOut(CHECKED, "needs x-requirements to be a list first")
        return
    for id, here in known.items():
        if id not in checks:
            yield problem(
                contract, CHECKED, here, f"{id} has no check; add one to alphaedge_conformance/judging/checks"
            )
    for id, check in checks.items():
        if id not in known and check.profile in (None, *contract.profiles):
            file = os.path.relpath(inspect.getsourcefile(check.function) or "?")
            line = inspect.getsourcelines(check.function)[1]
            message = f"a check of {id}, which is not a requirement; remove it, or add {id} to x-requirements"
            yield Problem(CHECKED, file, line, message)


def quoted(contract: Contract, page: Path | None) -> Iterator[Problem | LeftOut]:
    """Every quote is on the vendor's page, white space aside."""
    if page is None:
        page = SHIPPED.resolve().parent / "tests" / "data" / "page.txt"
        if not page.exists():
            yield LeftOut(QUOTED, "there is no page here; name it with --page")
            return
    try:
        words = " ".join(page.read_text("utf-8").split())
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"--page {page}: cannot be read: {error}; name a text file") from None
    for here in contract.pointers():
        if here.endswith("/x-quote") or ("/x-requirements/" in here and here.endswith("/quote")):
            quote = contract.at(here)
            if not isinstance(quote, str):
                yield problem(contract, QUOTED, here, "expected the page's words as text; put them in quotation marks")
            elif " ".join(quote.split()) not in words:
                yield problem(contract, QUOTED, here, f"{quote!r} is not on {page.name}; quote it word for word")
