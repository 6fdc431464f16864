"""Both clients have the same public names for the same things, and docs/typescript.md lists where they differ."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable

import alphaedge

from ..helpers import ROOT

SOURCE = ROOT / "generated" / "typescript" / "src"
TABLE = (ROOT / "docs" / "typescript.md").read_text("utf-8").partition("## Beside the Python client")[2]
NAMES = {"typescript": 0, "python": 1}
FOR_RESOURCES = {"send", "with_raw_responses"}
"""Methods of the Python client that only the generated resources call."""


def listed(language: str) -> set[str]:
    """The names in a column of the table."""
    cells = [row.split("|")[1:-1][NAMES[language]] for row in TABLE.splitlines() if row.startswith("| ")]
    return set(re.findall(r"\w+", " ".join(re.findall("`([^`]+)`", " ".join(cells)))))


def exported() -> set[str]:
    blocks = re.findall(r"^export (?:type )?\{(.*?)\}", (SOURCE / "index.ts").read_text("utf-8"), re.S | re.M)
    return set(re.findall(r"\w+", " ".join(blocks)))


def members(file: str, name: str) -> set[str]:
    """The public members of a class or an interface, as Python would write them."""
    source = (SOURCE / file).read_text("utf-8")
    body = re.search(rf"^(?:export )?(?:class|interface) {name}\b.*?^}}", source, re.S | re.M)
    assert body, name
    found = re.findall(r"^  (?:(?:static|readonly|get|async) )*\*?(\w+)\??[(:<]", body[0], re.M)
    return {snake(each) for each in found} - {"constructor"}


def snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def public(names: Iterable[str]) -> set[str]:
    return {name for name in names if not name.startswith("_")}


def test_what_a_program_imports() -> None:
    typescript, python = exported(), set(alphaedge.__all__)
    assert typescript - python <= listed("typescript")
    assert python - typescript <= listed("python")
    assert len(typescript & python) > 20


def test_what_its_objects_have() -> None:
    client = alphaedge.AlphaEdge("sk-0123456789")
    error = alphaedge.APIStatusError("no")
    with client:
        pairs = {
            "client": (members("client.ts", "AlphaEdge"), public(dir(client)) - FOR_RESOURCES),
            "options": (
                members("transport.ts", "ClientOptions"),
                set(inspect.signature(alphaedge.AlphaEdge).parameters),
            ),
            "error": (
                members("errors.ts", "ErrorWithResponse") | {"message"},
                public(set(dir(error)) - set(dir(Exception))),
            ),
            "raw": (
                members("raw.ts", "RawResponse"),
                public(dir(alphaedge.RawResponse)) | {"headers", "status_code", "parse"},
            ),
            "stream": (members("stream.ts", "Stream"), public(dir(alphaedge.Stream))),
            "call": (
                members("transport.ts", "RequestOptions"),
                set(inspect.signature(client.chat.completions.create).parameters) - params(),
            ),
        }
    for of, (typescript, python) in pairs.items():
        assert typescript - python <= {snake(name) for name in listed("typescript")}, of
        assert python - typescript <= listed("python"), of
        assert typescript & python, of


def params() -> set[str]:
    """The parameters of the contract, which TypeScript takes as one object."""
    return {*alphaedge.ChatCompletionParams.__annotations__, "stream"}


def test_the_table_names_what_there_is() -> None:
    """Each name in the table that looks like one of a client is one, so that no row outlives its reason."""
    source = "\n".join(path.read_text("utf-8") for path in SOURCE.glob("*.ts"))
    for name in listed("typescript") - {"await", "using", "error"}:
        assert re.search(rf"\b{name}\b", source), name
    text = "\n".join(path.read_text("utf-8") for path in (ROOT / "generated" / "alphaedge").glob("*.py"))
    for name in listed("python"):
        assert re.search(rf"\b{name}\b", text), name
