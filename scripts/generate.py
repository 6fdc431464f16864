"""Writes `generated/` from `openapi.yaml`: the same input gives the same bytes.

`--check` writes nothing and exits 1 when `generated/` differs from what the contract gives. `--rendering FILE` writes
the contract as OpenAPI 3.1 alone, for tools that read no 3.2.
"""

from __future__ import annotations

import argparse
import copy
import filecmp
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import typescript_package
import yaml
from openapi_spec_validator import OpenAPIV32SpecValidator

from alphaedge_conformance.contract import Contract, pointer
from alphaedge_conformance.contract.names import reserved
from alphaedge_conformance.contract.requirements import catalogue
from alphaedge_conformance.errors import ConfigurationError

ROOT = Path(__file__).resolve().parent.parent
CONTRACT = ROOT / "openapi.yaml"
CLIENT = ROOT / "generated" / "alphaedge"
PACKAGE = ROOT / "generated" / "typescript"
CONFIG = Path(__file__).with_name("openapi-python-client.yaml")
TEMPLATES = Path(__file__).with_name("templates")
RUNTIME = Path(__file__).with_name("runtime")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare only")
    parser.add_argument("--rendering", type=Path, metavar="FILE", help="write the contract as OpenAPI 3.1 there, only")
    given = parser.parse_args()
    check = given.check
    try:
        contract = Contract.load(CONTRACT)
        validate(contract)
        if given.rendering:
            given.rendering.write_text(as_text(rendering(contract.document)), "utf-8")
            return 0
        with tempfile.TemporaryDirectory() as scratch:
            made = {CLIENT: generate(contract, Path(scratch))}
            if typescript_package.is_possible():
                version = metadata.version("alphaedge")
                rendered = rendering(contract.document)
                made[PACKAGE] = typescript_package.generate(contract, rendered, version, Path(scratch))
            else:
                what = "was not looked at" if check else "stays as it is"
                print(f"{PACKAGE.relative_to(ROOT)}: {what}, because Node is not here; install Node 20 with npm")
            stale = [kept / path for kept in made for path in sorted(differences(made[kept], kept))]
            if check:
                for path in stale:
                    print(f"{path.relative_to(ROOT)}: is not what openapi.yaml gives; run `make generate`")
                return 1 if stale else 0
            for kept, fresh in made.items():
                refresh(fresh, kept)
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return 1
    for kept in made:
        print(f"{kept.relative_to(ROOT)}: {sum(kept in path.parents for path in stale)} files changed")
    return 0


def validate(contract: Contract) -> None:
    """Raises ConfigurationError for the first thing that is wrong, with its line."""
    for here, wrong in contract.malformed():
        raise contract.error(here, f"{here} is not a valid JSON Schema: {wrong}; correct it there")
    for error in OpenAPIV32SpecValidator(contract.document).iter_errors():
        here = pointer(*error.absolute_path)
        raise contract.error(
            here, f"{here or 'the document'} is not valid OpenAPI 3.2: {error.message}; correct it there"
        )
    catalogue(contract)
    for here, told in reserved(contract):
        raise contract.error(here, told)


def rendering(document: dict[str, Any]) -> dict[str, Any]:
    """The contract as OpenAPI 3.1, which is what the generator reads: another header, and `schema` for `itemSchema`."""
    rendered = copy.deepcopy(document)
    rendered["openapi"] = "3.1.0"
    for media_type in _media_types(rendered):
        if "itemSchema" in media_type:
            media_type.setdefault("schema", media_type.pop("itemSchema"))
    return rendered


def as_text(document: dict[str, Any]) -> str:
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True)


def _media_types(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        for name, value in node.items():
            if name == "content" and isinstance(value, dict):
                yield from value.values()
            yield from _media_types(value)
    elif isinstance(node, list):
        for value in node:
            yield from _media_types(value)


def generate(contract: Contract, scratch: Path) -> Path:
    """The folder of the client, made in `scratch`."""
    source, made = scratch / "openapi.yaml", scratch / "alphaedge"
    source.write_text(as_text(without_booleans(rendering(contract.document))), "utf-8")
    command = [tool("openapi-python-client"), "generate", "--path", str(source), "--output-path", str(made)]
    command += ["--meta", "none", "--config", str(CONFIG), "--fail-on-warning"]
    command += ["--custom-template-path", str(templates(contract, scratch / "templates"))]
    done = subprocess.run(command, env={**os.environ, "NO_COLOR": "1"}, cwd=scratch, capture_output=True, text=True)
    if done.returncode != 0:
        said = "\n".join(line for line in (done.stdout + done.stderr).splitlines() if line.strip())
        what = "openapi-python-client cannot generate a client from it; change it, or extend scripts/templates"
        raise contract.error(named_in(contract, said), f"{what}:\n{said}")
    arrange(made)
    return made


def without_booleans(node: Any) -> Any:
    """The same without schemas that are `true` or `false`, which the generator does not read, and which give no type:
    beyond the items that a list names nothing may stand, as in `items: false`."""
    if isinstance(node, list):
        return [without_booleans(each) for each in node]
    if not isinstance(node, dict):
        return node
    node = _flat(node)
    properties = node.get("properties")
    if isinstance(properties, dict):
        kept = {name: {} if each is True else each for name, each in properties.items() if each is not False}
        node = {**node, "properties": kept}
    return {
        name: without_booleans(each) for name, each in node.items() if not (name in SCHEMAS and isinstance(each, bool))
    }


def _flat(node: dict[str, Any]) -> dict[str, Any]:
    """A schema without `allOf` where all that it joins are bounds of one plain value, of which the generator would make
    an object."""
    parts = node.get("allOf")
    if not isinstance(parts, list) or not all(isinstance(part, dict) and not JOINED & part.keys() for part in parts):
        return node
    return {name: value for part in [*parts, node] for name, value in part.items() if name != "allOf"}


JOINED = {"$ref", "properties", "allOf", "anyOf", "oneOf"}
"""Keywords of a schema that is more than bounds."""
SCHEMAS = {
    "items",
    "contains",
    "not",
    "if",
    "then",
    "else",
    "propertyNames",
    "unevaluatedItems",
    "unevaluatedProperties",
}
"""Keywords whose value is a schema."""


def named_in(contract: Contract, said: str) -> str:
    """The pointer of the part of the contract that a message of the generator names, as far as it leads."""
    found = re.search(r"\b(?:paths|components)[./][^\s:,]+", said)
    here, node = "", contract.document
    for word in re.split(r"[./]", found[0]) if found else ():
        if isinstance(node, dict) and word in node:
            here, node = here + pointer(word), node[word]
    return here


def templates(contract: Contract, folder: Path) -> Path:
    """The templates, and beside them what the generator does not tell them."""
    shutil.copytree(TEMPLATES, folder)
    facts = {"server": contract.document["servers"][0]["url"], "version": metadata.version("alphaedge")}
    lines = [f"{{% set {name} = {json.dumps(value)} %}}\n" for name, value in facts.items()]
    (folder / "contract.jinja").write_text("".join(lines), "utf-8")
    return folder


def arrange(made: Path) -> None:
    """Keeps one module for all models and one for all operations, tidies up, adds the modules that no contract changes.

    No configuration above the scratch folder has a say in the tidying.
    """
    for folder, module in (("models", "models.py"), ("api", "resources.py")):
        (made / folder / "__init__.py").rename(made / module)
        shutil.rmtree(made / folder)
    for command in (["check", "--fix-only", "--select", "F401,I"], ["format", "--line-length", "120"]):
        subprocess.run([tool("ruff"), *command, "--isolated", "--no-cache", "--quiet", made], check=True)
    for path in made.glob("*.py"):
        sign(path, "Made from openapi.yaml by `make generate`, through scripts/templates/; edit those.")
    for path in RUNTIME.glob("*.py"):
        if path.name != "__init__.py":
            shutil.copy(path, made)
            sign(made / path.name, f"Copied from scripts/runtime/{path.name} by `make generate`; edit that.")
    (made / "py.typed").touch()


def sign(path: Path, words: str) -> None:
    """Says at the top of a file where its source is."""
    path.write_text(f"# {words}\n{path.read_text('utf-8')}", "utf-8")


def tool(name: str) -> str:
    """A program of this environment, whatever the PATH holds."""
    return str(Path(sys.executable).with_name(name))


UNTRACKED = {"__pycache__", "node_modules", "dist", "package-lock.json"}
"""What programs leave in these folders, and git ignores."""


def differences(made: Path, kept: Path) -> Iterator[Path]:
    """The files that are in one folder alone, or have other bytes there."""
    files = {path.relative_to(top) for top in (made, kept) for path in top.rglob("*") if path.is_file()}
    for path in files:
        if UNTRACKED.intersection(path.parts):
            continue
        both = (made / path).exists() and (kept / path).exists()
        if not both or not filecmp.cmp(made / path, kept / path, shallow=False):
            yield path


def refresh(made: Path, kept: Path) -> None:
    """Makes the one folder as the other, and leaves alone what is the same in both."""
    for path in list(differences(made, kept)):
        if (made / path).exists():
            (kept / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(made / path, kept / path)
        else:
            (kept / path).unlink()


if __name__ == "__main__":
    sys.exit(main())
