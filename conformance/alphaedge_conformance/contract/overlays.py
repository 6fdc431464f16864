"""OpenAPI Overlay 1.1: a list of actions that change a document where an RFC 9535 JSONPath selects.

https://spec.openapis.org/overlay/v1.1.0.html
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from attrs import field, frozen

from ..errors import ConfigurationError
from .yaml_file import YamlFile, pointer

if TYPE_CHECKING:
    from jsonpath_rfc9535 import JSONPathNode, JSONPathQuery

FOLDER = Path(__file__).parents[1] / "profiles"
"""The profiles that this suite carries; in a checkout a link to those at the top."""
SUFFIX = ".overlay.yaml"
VERSIONS = ("1.0.", "1.1.")
FIELDS = frozenset({"overlay", "info", "extends", "actions"})
ACTION_FIELDS = frozenset({"target", "description", "update", "copy", "remove"})


@frozen
class Overlay(YamlFile):
    """One overlay file, read."""

    KIND: ClassVar[str] = "an overlay"
    EXPECTED: ClassVar[str] = (
        "expected an OpenAPI Overlay with `overlay`, `info` and `actions`; give the overlay's file"
    )

    @classmethod
    def is_of_kind(cls, document: Any) -> bool:
        return isinstance(document, dict) and "overlay" in document

    @property
    def name(self) -> str:
        """``sampling`` of ``profiles/sampling.overlay.yaml``."""
        return self.source.name.removesuffix(SUFFIX).removesuffix(".yaml").removesuffix(".yml")

    @cached_property
    def actions(self) -> tuple[Action, ...]:
        """Raises ConfigurationError for the first thing that is wrong."""
        self._check()
        return tuple(self._action(index, each) for index, each in enumerate(self.document["actions"]))

    def _check(self) -> None:
        version = self.document["overlay"]
        if not isinstance(version, str) or not version.startswith(VERSIONS):
            raise self.error("/overlay", f"expected the version 1.0 or 1.1 of Overlay, found {version!r}; write 1.1.0")
        self._no_other_field("", self.document, FIELDS)
        info = self.document.get("info")
        for name in ("title", "version"):
            if not isinstance(info, dict) or not isinstance(info.get(name), str):
                raise self.error("/info", f"expected `info` with a {name} that is a string; add it")
        if not isinstance(self.document.get("extends", ""), str):
            raise self.error("/extends", "expected the address of the document that this overlay is for")
        actions = self.document.get("actions")
        if not isinstance(actions, list) or not actions:
            raise self.error("/actions", "expected a list of at least one action; add one with a `target`")

    def _action(self, index: int, action: Any) -> Action:
        here = pointer("actions", index)
        if not isinstance(action, dict) or not isinstance(action.get("target"), str):
            raise self.error(here, "expected an action with a `target`, a JSONPath such as $.paths; add it")
        self._no_other_field(here, action, ACTION_FIELDS)
        remove = action.get("remove", False)
        if not isinstance(remove, bool):
            raise self.error(f"{here}/remove", f"expected true or false, found {remove!r}")
        if not remove and ("update" in action) == ("copy" in action):
            raise self.error(here, "expected one of `update`, `copy` and `remove: true`; write exactly one")
        copy = None if remove or "copy" not in action else self._path(f"{here}/copy", action["copy"])
        return Action(
            self, here, action["target"], self._path(f"{here}/target", action["target"]), remove, copy, action
        )

    def _path(self, here: str, text: Any) -> JSONPathQuery:
        from jsonpath_rfc9535 import JSONPathError, compile  # slow, and of no use without an overlay

        try:
            return compile(text)
        except (JSONPathError, TypeError) as error:
            reason = str(error).splitlines()[0] if str(error) else "not a string"
            raise self.error(here, f"{text!r} is not a valid JSONPath (RFC 9535): {reason}; correct it") from None

    def _no_other_field(self, here: str, found: dict[str, Any], known: frozenset[str]) -> None:
        for name in found:
            if name not in known and not str(name).startswith("x-"):
                raise self.error(
                    here + pointer(name), f"Overlay has no field {name!r}; one of {', '.join(sorted(known))}"
                )


@frozen
class Action:
    """One change of a document, wherever its target selects."""

    overlay: Overlay = field(repr=False)
    pointer: str
    """Where it stands in the overlay."""
    target: str
    path: JSONPathQuery = field(repr=False)
    removes: bool
    copied: JSONPathQuery | None = field(repr=False)
    fields: dict[str, Any] = field(repr=False)

    def error(self, below: str, what: str) -> ConfigurationError:
        return self.overlay.error(self.pointer + below, what)


@frozen
class Origin:
    """A part of an overlay that stands in the document now."""

    overlay: Overlay = field(repr=False)
    pointer: str
    """Into the overlay."""

    def line(self, below: str) -> int:
        return self.overlay.line(self.pointer + below)


@frozen
class Applied:
    """A document that overlays were applied to."""

    document: dict[str, Any] = field(repr=False)
    origins: dict[str, Origin]
    """What overlays inserted, replaced or appended, by its pointer into the document."""
    unmatched: tuple[Action, ...]
    """The actions whose targets select nothing, which the specification allows."""


def shipped() -> dict[str, Path]:
    """The profiles of this suite by name."""
    return {path.name.removesuffix(SUFFIX): path for path in sorted(FOLDER.glob(f"*{SUFFIX}"))}


def load(named: str) -> Overlay:
    """A profile by its name or its file. Raises ConfigurationError where there is none."""
    known = shipped()
    if named in known:
        return Overlay.read(known[named])
    if not Path(named).is_file():
        raise ConfigurationError(
            f"unknown profile {named!r}: expected {', '.join(known) or 'a file'}, or the path of an overlay"
        )
    return Overlay.read(Path(named))


def apply(document: dict[str, Any], overlays: tuple[Overlay, ...]) -> Applied:
    """A copy of a document, changed by each action of each overlay in turn. Raises ConfigurationError for an action
    that cannot be done."""
    applied = Applied(_copied(document), {}, ())
    unmatched = [action for overlay in overlays for action in overlay.actions if not _applied(action, applied)]
    return Applied(applied.document, applied.origins, tuple(unmatched))


def _applied(action: Action, to: Applied) -> int:
    """Does an action; how many nodes its target selects."""
    nodes = list(action.path.find(to.document))
    if action.removes:
        # From the end, so that an index still stands for the item that it stood for.
        for node in sorted(nodes, key=lambda node: _sortable(node.location), reverse=True):
            _remove(action, to, node.location)
        return len(nodes)
    value, origin = _value(action, to)
    kinds = {_kind(node.value) for node in nodes}
    if len(kinds) > 1:
        raise action.error("/target", f"{action.target} selects {' and '.join(sorted(kinds))}; select one kind")
    for node in nodes:
        _put(action, to, node, value, origin)
    return len(nodes)


def _value(action: Action, to: Applied) -> tuple[Any, Origin]:
    """What is merged into each node, and where it comes from."""
    if action.copied is None:
        return action.fields["update"], Origin(action.overlay, f"{action.pointer}/update")
    found = list(action.copied.find(to.document))
    if len(found) != 1:
        text = f"{action.fields['copy']} selects {len(found)} nodes; expected a JSONPath of exactly one to copy"
        raise action.error("/copy", text)
    return _copied(found[0].value), Origin(action.overlay, f"{action.pointer}/copy")


def _put(action: Action, to: Applied, node: JSONPathNode, value: Any, origin: Origin) -> None:
    here = pointer(*node.location)
    if isinstance(node.value, list):
        items = value if isinstance(value, list) else [value]
        _append(to.origins, node.value, items, here, origin, is_list=isinstance(value, list))
    elif isinstance(node.value, dict):
        if not isinstance(value, dict):
            raise action.error(
                "", f"{action.target} selects an object; expected an object to merge, found {_kind(value)}"
            )
        for wrong in _merge(to.origins, node.value, value, here, origin):
            raise action.error("", wrong)
    else:
        if isinstance(value, dict | list):
            raise action.error("", f"{action.target} selects a plain value; expected one, found {_kind(value)}")
        around, last = _container(to.document, node.location), node.location[-1]
        around[last] = value
        to.origins[here] = origin


def _merge(
    origins: MutableMapping[str, Origin], target: dict[str, Any], update: dict[str, Any], here: str, origin: Origin
) -> Iterator[str]:
    """Merges an object into another; yields what cannot be merged."""
    for name, value in update.items():
        at, own = here + pointer(name), Origin(origin.overlay, origin.pointer + pointer(name))
        old = target.get(name)
        if name not in target or (_is_plain(old) and _is_plain(value)):
            target[name] = _copied(value)
            origins[at] = own
        elif isinstance(old, dict) and isinstance(value, dict):
            yield from _merge(origins, old, value, at, own)
        elif isinstance(old, list) and isinstance(value, list):
            _append(origins, old, value, at, own, is_list=True)
        else:
            yield f"{at} is {_kind(old)} and cannot be merged with {_kind(value)}; remove it in an earlier action"


def _append(
    origins: MutableMapping[str, Origin], target: list[Any], items: list[Any], here: str, origin: Origin, is_list: bool
) -> None:
    for index, item in enumerate(items):
        below = pointer(index) if is_list else ""
        origins[here + pointer(len(target))] = Origin(origin.overlay, origin.pointer + below)
        target.append(_copied(item))


def _remove(action: Action, to: Applied, location: tuple[int | str, ...]) -> None:
    if not location:
        raise action.error("/target", "the whole document cannot be removed; select a part of it")
    try:
        around = _container(to.document, location)
        del around[location[-1]]
    except (KeyError, IndexError):
        return  # a part of what was removed with it
    # Of a list, what stands behind has another index now.
    gone = pointer(*location[:-1] if isinstance(around, list) else location)
    for at in [at for at in to.origins if at == gone or at.startswith(f"{gone}/")]:
        del to.origins[at]


def _container(document: Any, location: tuple[int | str, ...]) -> Any:
    for step in location[:-1]:
        document = document[step]
    return document


def _sortable(location: tuple[int | str, ...]) -> list[tuple[bool, int, str]]:
    return [(isinstance(step, int), step if isinstance(step, int) else 0, str(step)) for step in location]


def _is_plain(value: Any) -> bool:
    return not isinstance(value, dict | list)


def _kind(value: Any) -> str:
    return "an object" if isinstance(value, dict) else "an array" if isinstance(value, list) else "a plain value"


def _copied(value: Any) -> Any:
    """A copy in which no two parts are the same object, as those of YAML's aliases are."""
    if isinstance(value, dict):
        return {name: _copied(each) for name, each in value.items()}
    return [_copied(each) for each in value] if isinstance(value, list) else value
