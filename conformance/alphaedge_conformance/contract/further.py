"""The operations of a contract beside the primary one: each is a contract of its own over the same document.

What is known of them comes from their schemas alone, so each needs a name, bodies of JSON, and a sample of a request.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from attrs import evolve

from .samples import Sampler
from .validation import Contract

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
"""An operationId that can stand before the first dot of an id."""


def operations(contract: Contract) -> tuple[Contract, ...]:
    """Those beside the primary one, in the order of the file; none of a contract that is one of them. Raises
    ConfigurationError for one that cannot be judged."""
    if contract.chosen is not None:
        return ()
    others = [here for here in contract.operation_pointers if here != contract.operation_pointer]
    if not contract.views:
        contract.views.update(_views(contract, others))
    return tuple(contract.views.values())


def named(contract: Contract, name: str | None) -> Contract:
    """The contract of an operation by its operationId, and the primary one's for None."""
    return contract if name is None else contract.views[name]


def everywhere(contract: Contract) -> tuple[Contract, ...]:
    """The contract of each operation, the primary one first."""
    return contract, *operations(contract)


def address(contract: Contract, known: Mapping[str, str], taken: Collection[str] = ()) -> str:
    """The path of an operation with a value for each parameter that it needs: one that is known by its name, or a
    sample. Those that are taken from an answer stay in braces."""
    path, query = contract.path, []
    for here in contract.parameters:
        parameter = contract.at(here)
        name = parameter["name"]
        if name in taken:
            query += [f"{quote(name, safe='')}={{{name}}}"] if parameter["in"] == "query" else []
            continue
        if not parameter.get("required"):
            continue
        value = _value(contract, here)
        texts = [known[name]] if name in known else [_text(each) for each in _listed(value)]
        if parameter["in"] == "path":
            path = path.replace("{" + name + "}", quote(",".join(texts), safe=""))
        else:
            query += [f"{quote(name, safe='')}={quote(text, safe='')}" for text in texts]
    return path + ("?" + "&".join(query) if query else "")


def _views(contract: Contract, pointers: list[str]) -> Iterator[tuple[str, Contract]]:
    taken: dict[str, str] = {str(contract.operation.get("operationId")): contract.operation_pointer}
    for here in pointers:
        id = contract.at(here).get("operationId")
        if not isinstance(id, str) or not NAME.fullmatch(id):
            message = (
                f"expected an operationId of letters, digits, - and _, found {id!r}; its requirements begin with it"
            )
            raise contract.error(here, message)
        if id in taken:
            raise contract.error(here, f"the operationId {id} is that of {taken[id]} too; give each its own")
        taken[id] = here
        view = evolve(contract, chosen=here)
        _check(view)
        yield id, evolve(view, proposed=_proposed(view))


def _check(view: Contract) -> None:
    """Raises ConfigurationError for what is not judged, so that nothing is left out in silence."""
    here = view.operation_pointer
    if view.has_body and not view.has(view.request_schema):
        message = (
            f"expected a request body of application/json, with a schema; without one {view.name} cannot be judged"
        )
        raise view.error(f"{here}/requestBody", message)
    success = view.resolve(f"{here}/responses/{view.success}")
    if view.at(success).get("content") and not view.has(view.completion_schema):
        message = f"expected an answer of application/json, with a schema; without one {view.name} cannot be judged"
        raise view.error(success, message)
    for place in view.parameters:
        parameter = view.at(place)
        if parameter["in"] not in ("path", "query") and parameter.get("required"):
            message = f"the kit sends no {parameter['in']} parameters; leave {parameter['name']} optional"
            raise view.error(place, message)
        if isinstance(value := _value(view, place), dict):
            message = f"the kit sends no objects in an address, got {json.dumps(value)}; give another example"
            raise view.error(place, message)
    declared = {view.at(each)["name"] for each in view.parameters if view.at(each)["in"] == "path"}
    for name in re.findall(r"\{([^}]*)\}", view.path):
        if name not in declared:
            raise view.error(here, f"the path has {{{name}}}, which is not a parameter; add it to `parameters`")


def _proposed(view: Contract) -> Any:
    """A sample of a request; None where the contract has an example, or the operation has no body."""
    if not view.has_body:
        return None
    media = view.at(view.request_schema.removesuffix("/schema"))
    if media.get("examples"):
        return None
    return media["example"] if "example" in media else Sampler(view).sample(view.request_schema)


def _value(view: Contract, here: str) -> Any:
    """The example of a parameter, or a sample of its schema."""
    parameter = view.at(here)
    if "example" in parameter:
        return parameter["example"]
    if parameter.get("examples"):
        return next(iter(parameter["examples"].values()))["value"]
    if "schema" not in parameter:
        raise view.error(here, f"expected a schema of the parameter {parameter['name']}; add it")
    return Sampler(view).sample(f"{here}/schema")


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
