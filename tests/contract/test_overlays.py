"""OpenAPI Overlay 1.1: what the specification says of actions, and what is said of a bad overlay."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from alphaedge_conformance.contract import Contract
from alphaedge_conformance.contract.document import Document
from alphaedge_conformance.contract.overlays import Overlay, apply, load
from alphaedge_conformance.errors import ConfigurationError

HEAD = "overlay: 1.1.0\ninfo: {title: A test, version: 1.0.0}\n"


def overlay(actions: str, head: str = HEAD) -> Overlay:
    return Overlay.parse(Path("own.overlay.yaml"), f"{head}actions:\n{actions}")


def changed(document: str, actions: str) -> Any:
    return apply(yaml.safe_load(document), (overlay(actions),)).document


EXAMPLES = {
    # What it shows: the document, the actions, the result. The cases are those of the specification and its test sets.
    "one action that mirrors the document": (
        "info: {title: Zoo}\npaths: {/cats: {get: {summary: Cats}}}",
        "- target: $\n  update: {info: {x-by: me}, paths: {/cats: {get: {x-limit: 9}}, /: {summary: Root}}}",
        "info: {title: Zoo, x-by: me}\npaths: {/cats: {get: {summary: Cats, x-limit: 9}}, /: {summary: Root}}",
    ),
    "plain values, each by its own path": (
        "paths: {/a: {get: {description: old}}, /b: {get: {description: old}}}",
        "- {target: \"$.paths['/a'].get.description\", update: new}\n"
        "- {target: \"$.paths['/b']\", update: {post: {description: more}}}",
        "paths: {/a: {get: {description: new}}, /b: {get: {description: old}, post: {description: more}}}",
    ),
    "many nodes at once": (
        "paths: {/a: {get: {}}, /b: {get: {}, put: {}}}",
        "- {target: $.paths.*.get, update: {x-safe: true}}",
        "paths: {/a: {get: {x-safe: true}}, /b: {get: {x-safe: true}, put: {}}}",
    ),
    "nodes that a filter selects": (
        "parameters: [{name: filter, in: query}, {name: filter, in: path}]",
        "- target: $.parameters[?@.name=='filter' && @.in=='query']\n  update: {schema: {$ref: '#/f'}}",
        "parameters: [{name: filter, in: query, schema: {$ref: '#/f'}}, {name: filter, in: path}]",
    ),
    "traits, by a filter in a filter": (
        "paths: {/a: {get: {x-traits: [paged]}}, /b: {get: {x-traits: [other]}}, /c: {get: {}}}",
        "- target: $.paths[?(@.get['x-traits'][?(@ == 'paged')])].get\n  update: {parameters: [{name: top}]}",
        "paths: {/a: {get: {x-traits: [paged], parameters: [{name: top}]}}, /b: {get: {x-traits: [other]}}, "
        "/c: {get: {}}}",
    ),
    "an object appended to an array": (
        "get: {parameters: [{name: a}]}",
        "- {target: $.get.parameters, update: {name: b, in: query}}",
        "get: {parameters: [{name: a}, {name: b, in: query}]}",
    ),
    "a plain value appended to an array": (
        "tags: [a]",
        "- {target: $.tags, update: b}",
        "tags: [a, b]",
    ),
    "an array concatenated with an array": (
        "tags: [a]",
        "- {target: $.tags, update: [b, [c]]}",
        "tags: [a, b, [c]]",
    ),
    "an array concatenated inside of an object": (
        "get: {tags: [a], x: 1}",
        "- {target: $.get, update: {tags: [b], x: 2}}",
        "get: {tags: [a, b], x: 2}",
    ),
    "items removed by a filter": (
        "parameters: [{name: a}, {name: dummy}, {name: b}, {name: dummy}]",
        "- target: $.parameters[?@.name == 'dummy']\n  remove: true",
        "parameters: [{name: a}, {name: b}]",
    ),
    "plain items removed": (
        "paths: {/a: {get: {tags: [x, dummy, dummy, y]}}}",
        "- target: $.paths.*.get.tags[?@ == 'dummy']\n  remove: true",
        "paths: {/a: {get: {tags: [x, y]}}}",
    ),
    "members removed at any depth, one inside of another": (
        "a: {b: {default: {default: 1}, c: 2}}\nlist: [{default: 3}]",
        "- {target: $..default, remove: true}",
        "a: {b: {c: 2}}\nlist: [{}]",
    ),
    "removed, and made again": (
        "servers: [{url: https://a}]",
        "- {target: $.servers, remove: true}\n- {target: $, update: {servers: [{url: http://b}]}}",
        "servers: [{url: http://b}]",
    ),
    "remove wins over update": (
        "a: 1\nb: 2",
        "- {target: $.a, remove: true, update: 3}",
        "b: 2",
    ),
    "a copy into an object that is there": (
        "paths: {/items: {get: {x: 1}}, /some-items: {delete: {}}}",
        "- {target: \"$.paths['/some-items']\", copy: \"$.paths['/items']\"}",
        "paths: {/items: {get: {x: 1}}, /some-items: {delete: {}, get: {x: 1}}}",
    ),
    "a copy into an object that an action before makes": (
        "paths: {/items: {get: {}}}",
        "- {target: $.paths, update: {/other: {}}}\n- {target: \"$.paths['/other']\", copy: \"$.paths['/items']\"}",
        "paths: {/items: {get: {}}, /other: {get: {}}}",
    ),
    "a move": (
        "paths: {/items: {get: {}}}",
        "- {target: $.paths, update: {/new: {}}}\n- {target: \"$.paths['/new']\", copy: \"$.paths['/items']\"}\n"
        "- {target: \"$.paths['/items']\", remove: true}",
        "paths: {/new: {get: {}}}",
    ),
    "nothing selected, nothing changed": ("a: 1", "- {target: $.b, update: {c: 1}}", "a: 1"),
    "an alias of YAML is a value of its own": (
        "a: &x {n: 1}\nb: *x",
        "- {target: $.a, update: {n: 2}}",
        "a: {n: 2}\nb: {n: 1}",
    ),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_example(name: str) -> None:
    document, actions, result = EXAMPLES[name]
    assert changed(document, actions) == yaml.safe_load(result)


def test_a_copy_is_not_the_same_object() -> None:
    document = changed("a: {n: 1}\nb: {}", "- {target: $.b, copy: $.a}\n- {target: $.b, update: {n: 2}}")
    assert document == {"a": {"n": 1}, "b": {"n": 2}}


def test_overlays_apply_in_their_order() -> None:
    overlays = overlay("- {target: $, update: {a: {}}}"), overlay("- {target: $.a, update: {b: 1}}")
    assert apply({}, overlays).document == {"a": {"b": 1}}
    assert len(apply({}, overlays[::-1]).unmatched) == 1


WRONG = {
    # The actions: the line, and what is said.
    "- {target: '$.a[', update: 1}": (4, "is not a valid JSONPath (RFC 9535)"),
    "- {target: 5, update: 1}": (4, "expected an action with a `target`"),
    "- {update: 1}": (4, "expected an action with a `target`"),
    "- {target: $.a}": (4, "expected one of `update`, `copy` and `remove: true`"),
    "- {target: $.a, update: 1, copy: $.b}": (4, "expected one of `update`, `copy` and `remove: true`"),
    "- target: $.a\n  remove: 'yes'": (5, "expected true or false"),
    "- target: $.a\n  updates: {}\n  update: 1": (5, "Overlay has no field 'updates'"),
    "- {target: $.o, update: 1}": (4, "selects an object; expected an object to merge, found a plain value"),
    "- {target: $.n, update: {x: 1}}": (4, "selects a plain value; expected one, found an object"),
    "- {target: $, update: {n: {x: 1}}}": (4, "/n is a plain value and cannot be merged with an object"),
    "- {target: $, update: {l: {x: 1}}}": (4, "/l is an array and cannot be merged with an object"),
    "- {target: $.*, update: {x: 1}}": (4, "selects a plain value and an array and an object; select one kind"),
    "- target: $.o\n  copy: $.*": (5, "selects 3 nodes; expected a JSONPath of exactly one to copy"),
    "- {target: $, remove: true}": (4, "the whole document cannot be removed"),
}


@pytest.mark.parametrize("actions", WRONG)
def test_a_bad_action_is_one_error_with_its_line(actions: str) -> None:
    line, message = WRONG[actions]
    with pytest.raises(ConfigurationError) as raised:
        changed("o: {}\nn: 1\nl: []", actions)
    assert str(raised.value).startswith(f"own.overlay.yaml:{line}: ")
    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("openapi: 3.2.0\npaths: {}\n", 1, "expected an OpenAPI Overlay"),
        ("overlay: 2.0.0\ninfo: {title: a, version: b}\nactions: []", 1, "expected the version 1.0 or 1.1"),
        ("overlay: 1.1.0\nactions: []", 1, "expected `info` with a title"),
        ("overlay: 1.1.0\ninfo:\n  title: a\nactions: []", 2, "expected `info` with a version"),
        (f"{HEAD}actions: []", 3, "expected a list of at least one action"),
        (f"{HEAD}extend: a\nactions: []", 3, "Overlay has no field 'extend'"),
        (f"{HEAD}extends: [a]\nactions: []", 3, "expected the address of the document"),
        ("overlay: [1]]", 1, "is not valid YAML"),
    ],
)
def test_a_bad_overlay_is_one_error_with_its_line(text: str, line: int, message: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        apply({}, (Overlay.parse(Path("own.overlay.yaml"), text),))
    assert str(raised.value).startswith(f"own.overlay.yaml:{line}: ")
    assert message in str(raised.value)


def test_an_unknown_profile_names_the_known_ones() -> None:
    with pytest.raises(ConfigurationError, match=r"unknown profile 'samplin': expected .*sampling.*, or the path"):
        load("samplin")


def test_what_an_overlay_wrote_has_its_line_there(contract: Contract, tmp_path: Path) -> None:
    own = tmp_path / "own.overlay.yaml"
    own.write_text(
        f"{HEAD}actions:\n"
        "  - target: $.components.schemas.ChatCompletionRequest.properties\n"
        "    update:\n"
        "      top_k:\n"
        "        type: integer\n"
        "  - target: $['x-requirements']\n"
        "    update:\n"
        "      - id: a.b\n"
        "      - id: a.c\n"
    )
    made = contract.with_overlays([Overlay.read(own)])
    request = "/components/schemas/ChatCompletionRequest/properties"
    assert made.place(f"{request}/top_k/type") == (own, 7)
    assert made.place(f"/x-requirements/{len(made.document['x-requirements']) - 1}/id") == (own, 11)
    assert made.profile_of(f"{request}/top_k/type") == "own"
    assert made.place(f"{request}/model/type") == (contract.source, contract.line(f"{request}/model/type"))
    assert made.profile_of(f"{request}/model") is None
    assert made.digest != contract.digest


def test_indexes_after_a_removal_are_not_confused() -> None:
    document = Document.parse(Path("a.yaml"), "paths: {}\nl: [a, b]")
    made = document.with_overlays([overlay("- {target: $.l, update: c}\n- {target: '$.l[0]', remove: true}")])
    assert made.document["l"] == ["b", "c"]
    assert made.profile_of("/l/0") is None
