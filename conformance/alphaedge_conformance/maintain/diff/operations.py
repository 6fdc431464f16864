"""Compares two contracts outside of their schemas: paths, methods, parameters, answers, keys; and finds the schemas."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from attrs import frozen

from ...contract import METHODS, Contract, pointer
from .change import BREAKING, SAFE, UNCLEAR, Change, Judgement
from .judging import Site
from .keywords import quoted_value
from .tree import Tree, read

WORDS = ("summary", "description", "tags", "operationId", "externalDocs", "deprecated", "examples", "example")

JUDGED = ("x-optional", "x-requirements")
"""Extensions of an operation that are more than words."""

Part = tuple[str, Any]
"""A pointer, and what stands there with its `$ref` followed."""


def is_optional(operation: Part) -> bool:
    """Whether a server may lack an operation."""
    return operation[1].get("x-optional") is True


def note(
    rule: str,
    text: str,
    at: str,
    clients: Judgement = SAFE,
    servers: Judgement = SAFE,
    removed: bool = False,
    cosmetic: bool = False,
    requirements: tuple[str, ...] = (),
) -> Change:
    """A change whose line is not known yet, nor, unless they are given, its requirements."""
    return Change(rule, text, at, 0, clients, servers, removed, cosmetic, requirements)


@frozen
class Operation:
    """A method of a path."""

    item: Part
    """The path."""
    own: Part


class Comparison:
    """Compares two contracts part by part."""

    def __init__(self, old: Contract, new: Contract) -> None:
        self.old, self.new = old, new
        self.changes: list[Change] = []
        self._sites: dict[tuple[str, str, bool], tuple[list[str], Tree, Tree]] = {}

    @property
    def sites(self) -> list[Site]:
        """Pairs of schemas, each once with all places that use it."""
        return [
            Site(tuple(names), request, old, new, (self.old, self.new), (before, after))
            for (before, after, request), (names, old, new) in self._sites.items()
        ]

    def run(self) -> None:
        before, after = self._operations(self.old), self._operations(self.new)
        for key in dict.fromkeys((*after, *before)):
            name = f"{key[1].upper()} {key[0]}"
            if key not in before:
                hurt = SAFE if is_optional(after[key].own) else BREAKING
                self._add("operation", f"{name} is new", after[key].own[0], SAFE, hurt)
            elif key not in after:
                self._drop("operation", f"{name} is gone", before[key].own[0], BREAKING, SAFE)
            else:
                self._operation("" if len(after) == 1 else f" of {name}", before[key], after[key])

    def _add(self, rule: str, text: str, at: str, clients: Judgement, servers: Judgement) -> None:
        self.changes.append(note(rule, text, at, clients, servers))

    def _drop(self, rule: str, text: str, at: str, clients: Judgement, servers: Judgement) -> None:
        self.changes.append(note(rule, text, at, clients, servers, removed=True))

    def _part(self, contract: Contract, at: str) -> Part:
        """What stands at a pointer, in a component where it is a `$ref`."""
        here = contract.resolve(at)
        return here, contract.at(here)

    def _parts(self, contract: Contract, at: str, owner: Any, keyword: str) -> dict[str, Part]:
        """By name."""
        found = owner.get(keyword) or {}
        return {str(name): self._part(contract, at + pointer(keyword, name)) for name in found}

    def _operations(self, contract: Contract) -> dict[tuple[str, str], Operation]:
        """By path, where the names of its parameters make no difference, and by method."""
        found = {}
        for path in contract.document["paths"]:
            item = self._part(contract, pointer("paths", path))
            for method in METHODS:
                if isinstance(item[1], dict) and method in item[1]:
                    key = (re.sub(r"\{[^}]*\}", "{}", path), method)
                    found[key] = Operation(item, (item[0] + pointer(method), item[1][method]))
        return found

    def _operation(self, of: str, before: Operation, after: Operation) -> None:
        old, new = before.own, after.own
        self._words("the operation" + of, old, new)
        self._optional(of, old, new)
        self._parameters(of, before, after)
        self._body(of, old, new)
        self._responses(of, old, new)
        self._security(of, old, new)

    def _optional(self, of: str, old: Part, new: Part) -> None:
        was, now = is_optional(old), is_optional(new)
        if was is not now:
            gone = "x-optional" not in new[1]
            at = (old if gone else new)[0] + pointer("x-optional")
            hurt = (BREAKING, SAFE) if now else (SAFE, BREAKING)
            text = f"a server may {'now' if now else 'no longer'} lack the operation{of}"
            self.changes.append(note("x-optional", text, at, *hurt, removed=gone))

    def _words(self, name: str, old: Part, new: Part) -> None:
        """What judges nothing."""
        extensions = [key for key in dict.fromkeys((*new[1], *old[1])) if key.startswith("x-") and key not in JUDGED]
        for word in (*WORDS, *extensions):
            was, now = old[1].get(word), new[1].get(word)
            if was != now:
                gone = now is None
                at = (old[0] if gone else new[0]) + pointer(word)
                fate = "is gone" if gone else "is new" if was is None else "has other words"
                self.changes.append(note(word, f"{name}: `{word}` {fate}", at, removed=gone, cosmetic=True))

    def _schemas(self, name: str, request: bool, old: Part, new: Part, keyword: str = "schema") -> None:
        """Takes note of the schemas of two parts, if both have one."""
        had, has = keyword in old[1], keyword in new[1]
        if had and has:
            before, after = (
                read(contract, part[0] + pointer(keyword)) for contract, part in ((self.old, old), (self.new, new))
            )
            key = (before.pointer, after.pointer, request)
            if before.pointer == old[0] + pointer(keyword) or after.pointer == new[0] + pointer(keyword):
                key = (old[0] + pointer(keyword), new[0] + pointer(keyword), request)
            self._sites.setdefault(key, ([], before, after))[0].append(name)
        elif has:
            hurt = (BREAKING, UNCLEAR) if request else (SAFE, BREAKING)
            self._add(keyword, f"{name}: `{keyword}` is new", new[0] + pointer(keyword), *hurt)
        elif had:
            hurt = (SAFE, BREAKING) if request else (BREAKING, SAFE)
            self._drop(keyword, f"{name}: `{keyword}` is gone", old[0] + pointer(keyword), *hurt)

    def _parameters(self, of: str, old: Operation, new: Operation) -> None:
        before, after = self._all_parameters(self.old, old), self._all_parameters(self.new, new)
        for key in dict.fromkeys((*after, *before)):
            name = f"{key[0]} parameter `{key[1]}`{of}"
            if key not in before:
                required = after[key][1].get("required", False)
                text = f"{name} is new and {'required' if required else 'optional'}"
                self._add("parameter", text, after[key][0], BREAKING if required else SAFE, BREAKING)
            elif key not in after:
                self._drop("parameter", f"{name} is gone", before[key][0], BREAKING, SAFE)
            else:
                self._parameter(name, before[key], after[key])

    def _all_parameters(self, contract: Contract, operation: Operation) -> dict[tuple[str, str], Part]:
        """Those of the path, and those of the operation, by where they are sent and by name; a path has places."""
        found, places = {}, 0
        for at, owner in (operation.item, operation.own):
            for index in range(len(owner.get("parameters", ()))):
                part = self._part(contract, at + pointer("parameters", index))
                name = part[1]["name"] if part[1]["in"] != "header" else part[1]["name"].lower()
                if part[1]["in"] == "path":
                    name, places = f"{places}", places + 1
                found[part[1]["in"], name] = part
        return found

    def _parameter(self, name: str, old: Part, new: Part) -> None:
        self._words(name, old, new)
        self._required(name, old, new, True)
        for word in ("style", "explode", "allowReserved", "allowEmptyValue"):
            if old[1].get(word) != new[1].get(word):
                self._change(word, name, old, new, BREAKING, BREAKING)
        self._schemas(name, True, old, new)
        if "content" in old[1] or "content" in new[1]:
            self._content(name, True, old, new)

    def _required(self, name: str, old: Part, new: Part, request: bool) -> None:
        was, now = (bool(part[1].get("required", part[1].get("in") == "path")) for part in (old, new))
        if was == now:
            return
        if request:
            hurt = (BREAKING if now else SAFE, BREAKING)
        else:
            hurt = (SAFE if now else BREAKING, BREAKING if now else SAFE)
        text = "became required" if now else "is no longer required"
        self._add("required", f"{name} {text}", new[0] + pointer("required"), *hurt)

    def _change(self, word: str, name: str, old: Part, new: Part, clients: Judgement, servers: Judgement) -> None:
        was, now = old[1].get(word), new[1].get(word)
        text = f"{name}: `{word}` was {quoted_value(was)}, is {quoted_value(now)}"
        self.changes.append(note(word, text, new[0] + pointer(word), clients, servers))

    def _body(self, of: str, old: Part, new: Part) -> None:
        before, after = (
            self._part(contract, part[0] + "/requestBody") if "requestBody" in part[1] else None
            for contract, part in ((self.old, old), (self.new, new))
        )
        name = f"request body{of}"
        if before is None and after is not None:
            required = after[1].get("required", False)
            text = f"the {name} is new and {'required' if required else 'optional'}"
            self._add("request-body", text, after[0], BREAKING if required else SAFE, BREAKING)
        elif before is not None and after is None:
            self._drop("request-body", f"the {name} is gone", before[0], BREAKING, SAFE)
        elif before is not None and after is not None:
            self._words(f"the {name}", before, after)
            self._required(f"the {name}", before, after, True)
            self._content(name, True, before, after)

    def _content(self, name: str, request: bool, old: Part, new: Part) -> None:
        """Media types."""
        before, after = self._parts(self.old, *old, "content"), self._parts(self.new, *new, "content")
        for kind in dict.fromkeys((*after, *before)):
            if kind not in before:
                hurt = (SAFE, BREAKING) if request else (UNCLEAR, UNCLEAR)
                self._add("media-type", f"{name}: {kind} is new", after[kind][0], *hurt)
            elif kind not in after:
                hurt = (BREAKING, UNCLEAR) if request else (BREAKING, BREAKING)
                self._drop("media-type", f"{name}: {kind} is gone", before[kind][0], *hurt)
            else:
                self._words(f"{name}, {kind}", before[kind], after[kind])
                self._schemas(name, request, before[kind], after[kind])
                named = f"event of {name}" if kind == "text/event-stream" else f"item of {name}"
                self._schemas(named, request, before[kind], after[kind], "itemSchema")
                for word in ("encoding", "itemEncoding", "prefixEncoding"):
                    if before[kind][1].get(word) != after[kind][1].get(word):
                        self._change(word, f"{name}, {kind}", before[kind], after[kind], UNCLEAR, UNCLEAR)

    def _responses(self, of: str, old: Part, new: Part) -> None:
        before, after = self._parts(self.old, *old, "responses"), self._parts(self.new, *new, "responses")
        for status in dict.fromkeys((*after, *before)):
            name = f"response {status}{of}"
            if status not in before:
                self._add(
                    "response-status", f"{name} is new", after[status][0], self._surprise(status, before, after), SAFE
                )
            elif status not in after:
                hurt = SAFE if status[0] in "45" else BREAKING
                self._drop("response-status", f"{name} is gone", before[status][0], hurt, BREAKING)
            else:
                self._words(name, before[status], after[status])
                self._headers(name, before[status], after[status])
                self._content(name, False, before[status], after[status])

    def _surprise(self, status: str, before: dict[str, Part], after: dict[str, Part]) -> Judgement:
        """To a program that knows statuses by their class: an error like others is not a surprise."""
        if status[0] not in "45":
            return BREAKING
        known = [part for other, part in before.items() if other[0] == status[0] or other == "default"]
        return SAFE if any(self._alike(part, after[status]) for part in known) else UNCLEAR

    def _alike(self, old: Part, new: Part) -> bool:
        """Whether two responses have the same media types with the same schemas."""
        before, after = self._parts(self.old, *old, "content"), self._parts(self.new, *new, "content")
        return before.keys() == after.keys() and all(
            self._form(self.old, before[kind]) == self._form(self.new, after[kind]) for kind in before
        )

    def _form(self, contract: Contract, media: Part) -> list[str]:
        return [read(contract, media[0] + pointer(word)).form for word in ("schema", "itemSchema") if word in media[1]]

    def _headers(self, name: str, old: Part, new: Part) -> None:
        def lower(contract: Contract, part: Part) -> dict[str, Part]:
            return {key.lower(): each for key, each in self._parts(contract, *part, "headers").items()}

        before, after = lower(self.old, old), lower(self.new, new)
        for header in dict.fromkeys((*after, *before)):
            named = f"{name}, header `{header}`"
            if header not in before:
                required = after[header][1].get("required", False)
                text = f"{named} is new and {'required' if required else 'optional'}"
                self._add("header", text, after[header][0], SAFE, BREAKING if required else SAFE)
            elif header not in after:
                required = before[header][1].get("required", False)
                self._drop("header", f"{named} is gone", before[header][0], BREAKING if required else UNCLEAR, SAFE)
            else:
                self._words(named, before[header], after[header])
                self._required(named, before[header], after[header], False)
                self._schemas(named, False, before[header], after[header])

    def _security(self, of: str, old: Part, new: Part) -> None:
        before, after = self._ways(self.old, old), self._ways(self.new, new)
        lost = [way for way in before if not any(other <= way for other in after)]
        came = [way for way in after if not any(other <= way for other in before)]
        if lost or came:
            text = f"who is let in{of}: was {_shown_ways(before)}, is {_shown_ways(after)}"
            hurt = (BREAKING if lost else SAFE, BREAKING)
            if "security" in old[1] and "security" not in new[1]:
                self._drop("security", text, old[0] + "/security", *hurt)
            else:
                at = (new[0] if "security" in new[1] else "") + "/security"
                self._add("security", text, at, *hurt)

    def _ways(self, contract: Contract, operation: Part) -> list[frozenset[str]]:
        """Each way in as a set of what has to be shown, where the names of schemes make no difference."""
        asked = operation[1].get("security", contract.document.get("security")) or [{}]
        ways = []
        for way in asked:
            shown_with = set()
            for scheme, scopes in way.items():
                at = pointer("components", "securitySchemes", scheme)
                said = self._part(contract, at)[1] if contract.has(at) else {"type": scheme}
                kept = {
                    word: value for word, value in said.items() if word != "description" and not word.startswith("x-")
                }
                named = " ".join(str(kept.pop(word)) for word in ("type", "scheme", "in", "name") if word in kept)
                shown_with |= {named + (f" {quoted_value(kept)}" if kept else "")} | {
                    f"{named} {scope}" for scope in scopes
                }
            ways.append(frozenset(shown_with))
        return ways


def _shown_ways(ways: Iterable[frozenset[str]]) -> str:
    return " or ".join(" and ".join(sorted(way)) if way else "anybody" for way in ways)


def of_the_document(old: Contract, new: Contract) -> Iterator[Change]:
    """What stands beside the paths."""
    skipped = {"openapi", "paths", "components", "security", "x-requirements", "servers"}
    for word in dict.fromkeys((*new.document, *old.document)):
        was, now = old.document.get(word), new.document.get(word)
        if word == "info":
            was, now = was or {}, now or {}
            for name in dict.fromkeys((*now, *was)):
                if was.get(name) != now.get(name) and name != "version":
                    at, gone = pointer("info", name), name not in now
                    yield note("info", f"the contract: `{name}` has other words", at, removed=gone, cosmetic=True)
        elif was != now and word not in skipped:
            gone = now is None
            cosmetic = word in ("tags", "externalDocs") or word.startswith("x-")
            hurt = SAFE if cosmetic else UNCLEAR
            text = f"the contract: `{word}` {'is gone' if gone else 'is new' if was is None else 'changed'}"
            yield note(word, text, pointer(word), hurt, hurt, removed=gone, cosmetic=cosmetic)
    yield from _servers(old, new)
    yield from _names(old, new)


def _servers(old: Contract, new: Contract) -> Iterator[Change]:
    before, after = (
        {server["url"]: index for index, server in enumerate(each.document.get("servers", []))} for each in (old, new)
    )
    for url in after.keys() - before.keys():
        yield note("servers", f"the server {url} is new", f"/servers/{after[url]}")
    for url in before.keys() - after.keys():
        at = f"/servers/{before[url]}"
        yield note("servers", f"the server {url} is gone", at, clients=UNCLEAR, removed=True)


def _names(old: Contract, new: Contract) -> Iterator[Change]:
    """Components that came and went; what uses them is compared where it is used."""
    before, after = (
        {
            (kind, name)
            for kind, named in each.document.get("components", {}).items()
            if not kind.startswith("x-")
            for name in named
        }
        for each in (old, new)
    )
    for kind, name in sorted(after - before):
        yield note("component", f"the component {kind}/{name} is new", pointer("components", kind, name), cosmetic=True)
    for kind, name in sorted(before - after):
        at = pointer("components", kind, name)
        yield note("component", f"the component {kind}/{name} is gone", at, removed=True, cosmetic=True)
