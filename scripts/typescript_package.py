"""Writes `generated/typescript`, the npm package `@alphaedge/alphaedge`, from the same contract as the Python client.

openapi-typescript makes the types; `typescript/templates/` make what follows the contract's paths and operations, and
`typescript/runtime/` is what no contract changes. Only this needs Node.
"""

from __future__ import annotations

import copy
import fcntl
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import jinja2
from attrs import define, field, frozen

from alphaedge_conformance.contract import Contract, pointer
from alphaedge_conformance.errors import ConfigurationError

HERE = Path(__file__).with_name("typescript")
LICENSE = Path(__file__).parents[1] / "LICENSE"
METHODS = ("get", "put", "post", "delete", "patch")
JSON = "application/json"
EVENTS = "text/event-stream"


@frozen
class Parameter:
    """A parameter of an address: what it is called there and in TypeScript, and the type of its value."""

    name: str
    argument: str
    type: str
    is_required: bool


@frozen
class Operation:
    """What `resources.ts.jinja` needs to know of an operation; a schema by the name of its class."""

    name: str
    method: str
    path: str
    summary: str
    description: str
    places: tuple[Parameter, ...]
    """The parameters of its path."""
    query: tuple[Parameter, ...]
    request: str | None
    returns: str
    answer: str
    chunk: str | None
    shape: dict[str, Any]
    """How the chunks are folded together, as the runtime's `Shape`."""

    @property
    def arguments(self) -> str:
        """What a call takes beside its options, with the types."""
        found = [f"{each.argument}: {each.type}" for each in self.places]
        found += [f"request: {self.request}"] if self.request else []
        if self.query:
            members = [f"{each.argument}{'' if each.is_required else '?'}: {each.type}" for each in self.query]
            is_optional = not any(each.is_required for each in self.query)
            found.append(f"query: {{ {'; '.join(members)} }}{' = {}' if is_optional else ''}")
        return "".join(f"{each}, " for each in found)

    @property
    def given(self) -> str:
        """The names of the same."""
        found = [*(each.argument for each in self.places), *(["request"] if self.request else [])]
        return "".join(f"{name}, " for name in [*found, *(["query"] if self.query else [])])

    @property
    def address(self) -> str:
        """The path as an expression of TypeScript, with its parameters filled in."""
        if not self.places:
            return json.dumps(self.path)
        path = self.path
        for each in self.places:
            path = path.replace("{" + each.name + "}", f"${{encodeURIComponent({each.argument})}}")
        return f"`{path}`"


@define
class Resource:
    """A part of the paths: `chat/completions` of /v1/chat/completions."""

    path: str
    operations: list[Operation] = field(factory=list)
    children: list[Resource] = field(factory=list)

    @property
    def depth(self) -> int:
        return self.path.count("/") + 1

    @property
    def name(self) -> str:
        name = class_name(self.path.rpartition("/")[2])
        return name[0].lower() + name[1:]

    @property
    def class_name(self) -> str:
        return class_name(self.path)


@frozen
class Schema:
    name: str
    class_name: str
    description: str


def is_possible() -> bool:
    """Whether Node and npm are here."""
    return bool(shutil.which("node") and shutil.which("npm"))


def generate(contract: Contract, rendering: dict[str, Any], version: str, scratch: Path) -> Path:
    """The folder of the package, made in `scratch`."""
    source, made = scratch / "openapi.json", scratch / "typescript"
    document = described(rendering)
    source.write_text(json.dumps(document), "utf-8")
    shutil.copytree(HERE / "package", made)
    shutil.copytree(HERE / "runtime", made / "src")
    render(contract, document, version, made)
    install()
    done = subprocess.run(
        ["node", str(HERE / "generate.mjs"), str(source), str(made)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip()
        raise ConfigurationError(f"{contract.source}: openapi-typescript cannot generate types from it:\n{said}")
    for path in (made / "src").glob("*.ts"):
        words = "Made from openapi.yaml by `make generate`, through scripts/typescript/templates/; edit those."
        if path.name == "schema.ts":
            words = "Made from openapi.yaml by `make generate`; edit that."
        elif (HERE / "runtime" / path.name).exists():
            words = f"Copied from scripts/typescript/runtime/{path.name} by `make generate`; edit that."
        path.write_text(f"// {words}\n{path.read_text('utf-8')}", "utf-8")
    shutil.copy(LICENSE, made)
    return made


def install() -> None:
    """Installs the tools from their lock, once, however many processes ask for them."""
    lock, stamp = (HERE / "package-lock.json").read_bytes(), HERE / "node_modules" / "installed"
    with (HERE / "package-lock.json").open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if stamp.exists() and stamp.read_bytes() == lock:
            return
        npm(HERE, "ci", "--ignore-scripts")
        stamp.write_bytes(lock)


def pack(package: Path, folder: Path) -> Path:
    """What `npm pack` makes of the package, built from a copy of it; in `folder`."""
    install()
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch) / "typescript"
        shutil.copytree(package, source, ignore=shutil.ignore_patterns("node_modules", "dist"))
        (source / "node_modules").symlink_to(HERE / "node_modules")
        npm(source, "pack", "--json", "--pack-destination", str(folder.resolve()))
    facts = json.loads((package / "package.json").read_text("utf-8"))
    return folder / f"{facts['name'].removeprefix('@').replace('/', '-')}-{facts['version']}.tgz"


def npm(folder: Path, *arguments: str) -> None:
    """Raises ConfigurationError with what npm says where it fails."""
    command = ["npm", *arguments, "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ConfigurationError(f"{folder}: `npm {arguments[0]}` failed:\n{done.stdout}{done.stderr}")


def render(contract: Contract, document: dict[str, Any], version: str, made: Path) -> None:
    """Writes what the templates give: sources to `src`, anything else to the top."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["words"] = words
    tree = resources(contract)
    operations = [operation for resource in tree for operation in resource.operations]
    tools = json.loads((HERE / "package.json").read_text("utf-8"))["devDependencies"]
    facts = {
        "version": version,
        "title": document["info"]["title"],
        "server": document["servers"][0]["url"],
        "resources": tree,
        "answers": {operation.answer for operation in operations},
        "used": sorted({name for o in operations for name in (o.request, o.answer, o.chunk) if name}),
        "schemas": [
            Schema(name, class_name(name), schema.get("description", name))
            for name, schema in document["components"]["schemas"].items()
        ],
        "typescript": tools["typescript"],
    }
    for path in (HERE / "templates").iterdir():
        target = made / ("src" if ".ts" in path.suffixes else "") / path.stem
        target.write_text(environment.get_template(path.name).render(facts), "utf-8")


def resources(contract: Contract) -> list[Resource]:
    """Every resource of the paths, the inner ones after those that hold them."""
    found: dict[str, Resource] = {}
    for path, item in contract.document["paths"].items():
        outer = None
        parts = re.sub(r"^/v\d+/", "/", path).split("/")
        for part in (each for each in parts if each and not each.startswith("{")):
            here = f"{outer.path}/{part}" if outer else part
            if here not in found:
                found[here] = Resource(here)
                if outer:
                    outer.children.append(found[here])
            outer = found[here]
        if outer:
            outer.operations += [operation(contract, path, method) for method in METHODS if method in item]
    return list(found.values())


def operation(contract: Contract, path: str, method: str) -> Operation:
    """Raises ConfigurationError for what the templates cannot say."""
    here = pointer("paths", path, method)
    found = contract.at(here)
    view = contract if here == contract.operation_pointer else contract.views[found["operationId"]]
    parameters = [parameter(contract, at) for at in view.parameters if contract.at(at)["in"] in ("path", "query")]
    if not contract.has(view.completion_schema):
        raise contract.error(here, "the TypeScript templates support only JSON responses; extend them")
    success = contract.resolve(here + pointer("responses", view.success))
    summary = found.get("summary", found["operationId"])
    if parameters and contract.has(success + pointer("content", EVENTS)):
        raise contract.error(here, "the TypeScript templates do not support streams with parameters; extend them")
    events = contract.chunk_schema if contract.has(success + pointer("content", EVENTS)) else None
    return Operation(
        name=re.split("(?=[A-Z])|_", found["operationId"])[0],
        method=method.upper(),
        path=path,
        summary=summary,
        description=found.get("description", summary),
        places=tuple(each for at, each in parameters if contract.at(at)["in"] == "path"),
        query=tuple(each for at, each in parameters if contract.at(at)["in"] == "query"),
        request=named(contract, view.request_schema) if view.has_body else None,
        returns=contract.at(success)["description"],
        answer=named(contract, view.completion_schema),
        chunk=named(contract, events) if events else None,
        shape=shape(contract, events) if events else {},
    )


TYPES = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean"}


def parameter(contract: Contract, here: str) -> tuple[str, Parameter]:
    """With its pointer. Raises ConfigurationError for a value that is not a plain one."""
    found = contract.at(here)
    at = contract.resolve(f"{here}/schema")
    schema = contract.at(at)
    kind = schema.get("type")
    if kind not in TYPES:
        message = f"the TypeScript templates do not support this type of {found['name']}; use {', '.join(TYPES)}"
        raise contract.error(at, message)
    type = " | ".join(json.dumps(value) for value in schema.get("enum", ())) or TYPES[kind]
    argument = class_name(found["name"])
    is_required = found.get("required", False)
    in_path = found["in"] == "path"
    named = argument[0].lower() + argument[1:] if in_path else json.dumps(found["name"])
    return here, Parameter(found["name"], named, type, is_required)


def shape(contract: Contract, schema: str, outer: tuple[str, ...] = ()) -> dict[str, Any]:
    """What a fold has to know of an object's members: `[{…}]` is a list of objects that say their `index`, `{…}` an
    object, and "whole" a text that is not sent in pieces, because it is a fixed one or an `id`."""
    found: dict[str, Any] = {}
    for name, member in members(contract, schema).items():
        targets = list(variants(contract, member))
        if set(targets) & set(outer):
            continue  # a schema that holds itself
        nodes = [contract.at(target) for target in targets]
        items = [target + pointer("items") for target, node in zip(targets, nodes, strict=True) if "items" in node]
        indexed = [item for item in items if "index" in members(contract, item)]
        if indexed:
            found[name] = [shape(contract, indexed[0], (*outer, *targets))]
        elif members(contract, member):
            found[name] = shape(contract, member, (*outer, *targets))
        elif name == "id" or any(node.keys() & {"const", "enum"} for node in nodes):
            found[name] = "whole"
    return found


def members(contract: Contract, schema: str) -> dict[str, str]:
    """The properties of an object, by name, wherever its schema has them."""
    return {
        name: target + pointer("properties", name)
        for target in variants(contract, schema)
        for name in contract.at(target).get("properties", {})
    }


def variants(contract: Contract, schema: str, outer: tuple[str, ...] = ()) -> Iterator[str]:
    """The schema, and those that it is composed of."""
    target = contract.resolve(schema)
    node = contract.at(target)
    if target in outer or not isinstance(node, dict):
        return
    yield target
    for keyword in ("allOf", "anyOf", "oneOf"):
        for number in range(len(node.get(keyword, ()))):
            yield from variants(contract, target + pointer(keyword, number), (*outer, target))


def named(contract: Contract, schema: str) -> str:
    """The class of the component that a schema refers to."""
    target = contract.resolve(schema)
    if not target.startswith("/components/schemas/"):
        raise contract.error(schema, "expected a $ref to a schema in components, so that the type has a name")
    return class_name(target.rpartition("/")[2])


def class_name(name: str) -> str:
    return "".join(part[0].upper() + part[1:] for part in re.split("[^A-Za-z0-9]+", name) if part)


def words(text: str) -> str:
    """A text of the contract for a comment, on one line."""
    return " ".join(text.split()).replace("*/", "*\\/")


def described(rendering: dict[str, Any]) -> dict[str, Any]:
    """The document with what the contract says of a member, and TypeScript has no word for, in its description; and
    with answers as servers give them."""
    document = copy.deepcopy(rendering)
    schemas = document["components"]["schemas"]
    sent = in_requests(document)
    sent_back = {name: answers_like(schemas[name], schemas, sent) for name in sent}
    unsure = unsure_texts(schemas.values())
    for name, schema in schemas.items():
        if name not in sent:
            loosen(schema, unsure)
        describe_members(schema, is_quoted="x-quote" in schema)
    for name, answers in sent_back.items():
        if answers:
            description = schemas[name].pop("description", name)
            schemas[name] = {"description": description, "anyOf": [schemas[name], *answers]}
    return document


def answers_like(schema: dict[str, Any], schemas: dict[str, Any], sent: set[str]) -> list[dict[str, str]]:
    """References to what comes back and may be sent as it is, where this schema is asked for: a message is one."""
    names, required = set(schema.get("properties", ())), set(schema.get("required", ()))
    return [
        {"$ref": f"#/components/schemas/{name}"}
        for name, other in schemas.items()
        if name not in sent and names and set(other.get("properties", ())) == names
        if required and required <= set(other.get("required", ()))
    ]


def in_requests(document: dict[str, Any]) -> set[str]:
    """The names of the components that a program sends."""
    found: set[str] = set()
    bodies = [
        operation.get("requestBody")
        for item in document["paths"].values()
        for method, operation in item.items()
        if method in METHODS
    ]
    waiting: list[Any] = [body for body in bodies if body]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            name = str(node.get("$ref", "")).removeprefix("#/components/schemas/")
            if name in document["components"]["schemas"] and name not in found:
                found.add(name)
                waiting.append(document["components"]["schemas"][name])
            waiting += node.values()
        elif isinstance(node, list):
            waiting += node
    return found


def unsure_texts(schemas: Iterable[dict[str, Any]]) -> set[str]:
    """The members that may be null in a piece of an answer, as `content`, and so are left out of whole ones as well."""
    members = [member for schema in schemas for member in schema.get("properties", {}).items()]
    return {name for name, member in members if member.get("type") == ["string", "null"]}


def loosen(schema: dict[str, Any], unsure: set[str]) -> None:
    """Makes a schema of answers say what a program has to expect: other values of an enumeration, and no text."""
    if "enum" in schema:
        schema["x-open"] = True
        schema["description"] = f"{schema.get('description', '')} A server may send a value that is not listed."
    for name, member in schema.get("properties", {}).items():
        if name in unsure and member.get("type") == "string":
            member["type"] = ["string", "null"]
            member["description"] = f"{member.get('description', '')} A server may leave it out."
            schema["required"] = [other for other in schema.get("required", []) if other != name]
        loosen(member, unsure)


def describe_members(schema: dict[str, Any], *, is_quoted: bool) -> None:
    for member in schema.get("properties", {}).values():
        is_from_page = is_quoted or "x-quote" in member
        source = member.get("x-source") or ("the page" if is_from_page else "convention")
        member["description"] = " ".join(sentences(member, source))
        describe_members(member, is_quoted=is_from_page)


def sentences(member: dict[str, Any], source: str) -> Iterator[str]:
    if "description" in member:
        yield member["description"].strip()
    if "minimum" in member and "maximum" in member:
        yield f"From {member['minimum']} to {member['maximum']}."
    else:
        for keyword, words in BOUNDS.items():
            if keyword in member:
                yield f"{words} {member[keyword]}."
    for keyword, words in LENGTHS.items():
        if keyword in member:
            yield f"{words}{'' if member[keyword] == 1 else 's'}.".format(member[keyword])
    yield f"Source: {source}."


BOUNDS = {
    "minimum": "At least",
    "exclusiveMinimum": "More than",
    "maximum": "At most",
    "exclusiveMaximum": "Less than",
}
LENGTHS = {
    "minLength": "At least {} character",
    "maxLength": "At most {} character",
    "minItems": "At least {} item",
    "maxItems": "At most {} item",
}


def main() -> int:
    """Packs the package into the folder that is named."""
    package = HERE.parent.parent / "generated" / "typescript"
    if not is_possible():
        print("no npm package: Node was not found; install Node 20 with npm")
        return 0
    try:
        print(pack(package, Path(sys.argv[1])))
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
