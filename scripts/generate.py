"""Writes `generated/` from `openapi.yaml`: the same input gives the same bytes.

`--check` writes nothing and exits 1 when `generated/` differs from what the contract gives. `--rendering FILE` writes
the contract as OpenAPI 3.1 alone, for tools that read no 3.2. `--profile NAME --output DIR` writes clients of the
contract with profiles, into another folder than `generated/`.
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
    parser.add_argument(
        "--profile", dest="profiles", metavar="NAME", action="append", default=[], help="with a profile; repeatable"
    )
    parser.add_argument("--output", type=Path, metavar="DIR", help="write the clients there (default: generated/)")
    given = parser.parse_args()
    check = given.check
    if given.profiles and (check or given.output is None):
        parser.error("clients with profiles are not those in generated/; name another folder with --output DIR")
    folder = (given.output or CLIENT.parent).resolve()
    client, package = folder / CLIENT.name, folder / PACKAGE.name
    try:
        contract = Contract.load(CONTRACT, given.profiles)
        validate(contract)
        if given.rendering:
            given.rendering.write_text(as_text(rendering(contract.document)), "utf-8")
            return 0
        with tempfile.TemporaryDirectory() as scratch:
            made = {client: generate(contract, Path(scratch))}
            if typescript_package.is_possible():
                version = metadata.version("alphaedge")
                rendered = rendering(sourced(contract))
                made[package] = typescript_package.generate(contract, rendered, version, Path(scratch))
            else:
                what = "was not looked at" if check else "stays as it is"
                print(f"{named(package)}: {what}, because Node was not found; install Node 20 with npm")
            stale = [kept / path for kept in made for path in sorted(differences(made[kept], kept))]
            if check:
                for path in stale:
                    print(f"{named(path)}: is not what openapi.yaml gives; run `make generate`")
                return 1 if stale else 0
            for kept, fresh in made.items():
                refresh(fresh, kept)
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return 1
    for kept in made:
        print(f"{named(kept)}: {sum(kept in path.parents for path in stale)} files changed")
    return 0


def named(path: Path) -> Path:
    """A path, from the repository on where it is in there."""
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path


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
    for here, message in reserved(contract):
        raise contract.error(here, message)


def sourced(contract: Contract) -> dict[str, Any]:
    """The contract, with the profile of each member that comes from one as `x-source`, for what clients say of it."""
    document = copy.deepcopy(contract.document)
    for here, members in _members(document):
        for name, schema in members.items():
            profile = contract.profile_of(here + pointer(name))
            if profile is not None and isinstance(schema, dict):
                schema["x-source"] = f"profile {profile}"
    return document


def _members(node: Any, here: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """The `properties` of each schema, with their pointer."""
    for name, part in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        at = here + pointer(name)
        if name == "properties" and isinstance(part, dict):
            yield at, part
        if name not in ("examples", "x-probes"):
            yield from _members(part, at)


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
    made_of = with_described_parameters(without_booleans(rendering(sourced(contract))))
    source.write_text(as_text(made_of), "utf-8")
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
    if node.get("type") == ["array", "null"]:
        node = {**node, "type": "array"}  # the generator knows no model of the items of a union; null reads as no items
    properties = node.get("properties")
    if isinstance(properties, dict):
        kept = {name: {} if each is True else each for name, each in properties.items() if each is not False}
        node = {**node, "properties": kept}
    return {
        name: without_booleans(each) for name, each in node.items() if not (name in SCHEMAS and isinstance(each, bool))
    }


def with_described_parameters(document: dict[str, Any]) -> dict[str, Any]:
    """The same with the description of each parameter in its schema, where the generator looks for it."""
    for item in document["paths"].values():
        for owner in (item, *(each for each in item.values() if isinstance(each, dict))):
            for parameter in owner.get("parameters", ()):
                if "schema" in parameter and "$ref" not in parameter["schema"]:
                    parameter["schema"] = {"description": parameter.get("description", ""), **parameter["schema"]}
    return document


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
