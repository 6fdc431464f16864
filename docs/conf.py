"""How Sphinx makes the site from these pages and the contract: `make docs`."""

from __future__ import annotations

import re
import sys
from argparse import Action
from collections.abc import Iterable
from html import escape
from importlib import import_module
from itertools import groupby
from pathlib import Path
from types import ModuleType

from docutils import nodes
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import YamlLexer
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

import alphaedge
from alphaedge import errors, models, types
from alphaedge_conformance.command import Parser
from alphaedge_conformance.contract import Contract
from alphaedge_conformance.contract.requirements import subject
from alphaedge_conformance.report.catalogue import Known, describe_fault, known
from alphaedge_conformance.run.suite import Suite

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
import pictures  # noqa: E402

project = "AlphaEdge contract kit"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
default_role = "code"  # as in the docstrings
myst_heading_anchors = 3
html_theme = "furo"
html_title = project
html_static_path = ["site.css"]
html_css_files = ["site.css"]
html_copy_source = False
html_use_index = False
html_domain_indices = False
html_show_copyright = False
html_show_sphinx = False
html_show_search_summary = False  # a page from disk may not fetch the others
smartquotes = False  # quotes are the page's own
pygments_style = "friendly"
pygments_dark_style = "github-dark"

PARTS = {
    "Judge a server": ("tutorial", "judge", "ci", "profiles", "live", "fleet", "servers"),
    "Call a server": ("client", "connections", "openai", "typescript", "clients"),
    "Own the contract": ("contract", "change"),
    "Reference": ("requirements", "cli", "report", "api", "glossary"),
    "Background": ("how", "design", "suites"),
}
"""The pages in their order; one that is not there yet is left out, and one that is not named comes last."""


def contents() -> str:
    """The table of contents, which GitHub would show as code."""
    there = {path.stem for path in HERE.glob("*.md")} - {"index"}
    named = {name for names in PARTS.values() for name in names}
    parts = {**PARTS, "More": tuple(sorted(there - named))}
    trees = []
    for caption, names in parts.items():
        if pages := [name for name in names if name in there]:
            trees.append("\n".join(["```{toctree}", ":hidden:", f":caption: {caption}", "", *pages, "```"]))
    return "\n\n".join(trees)


class RequirementsDirective(SphinxDirective):
    """Every requirement of the contract, a section each under its id."""

    has_content = True  # what GitHub shows in its place

    def run(self) -> list[nodes.Node]:
        suite = Suite.of(Contract.load())
        self.env.note_dependency(str(suite.contract.source))
        self.env.metadata[self.env.docname]["tocdepth"] = 2
        every = known(suite).values()
        return [
            self.subject(name, group)
            for name, group in groupby(by_subject(every), lambda each: subject(each.requirement.id))
        ]

    def subject(self, name: str, group: Iterable[Known]) -> nodes.Node:
        section = nodes.section("", nodes.title("", name), ids=[name])
        section += [self.requirement(each) for each in group]
        return section

    def requirement(self, each: Known) -> nodes.Node:
        requirement = each.requirement
        badge = nodes.inline("", requirement.level, classes=["level", requirement.level.lower()])
        section = nodes.section("", nodes.title("", requirement.id), ids=[requirement.id])
        section += nodes.paragraph("", "", badge, nodes.Text(f" {requirement.source}"))
        section += self.parse_text_to_nodes(requirement.text)
        if requirement.quote is not None:
            section += nodes.block_quote("", nodes.paragraph("", requirement.quote))
        place = nodes.reference("", f"openapi.yaml, line {each.line}", refuri=f"contract.html#line-{each.line}")
        section += nodes.paragraph("", "", place, nodes.Text(": "), nodes.literal("", requirement.pointer))
        section += nodes.paragraph("", f"Judged on {each.judged_on}.")
        for text, command in map(describe_fault, each.faults[:1]):
            section += self.parse_text_to_nodes(f"Broken by this server of the mock: {text}")
            section += nodes.literal_block("", command, language="sh")
        if others := [fault.name for fault in each.faults[1:]]:
            names = [node for name in others for node in (nodes.Text(", "), nodes.literal("", name))]
            section += nodes.paragraph("", "", nodes.Text("As well: "), *names[1:])
        return section


def by_subject(every: Iterable[Known]) -> list[Known]:
    """In the order of the contract, the requirements of a subject together."""
    groups: dict[str, list[Known]] = {}
    for each in every:
        groups.setdefault(subject(each.requirement.id), []).append(each)
    return [each for group in groups.values() for each in group]


class ContractDirective(SphinxDirective):
    """openapi.yaml, with an anchor at each line."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        contract = Contract.load()
        self.env.note_dependency(str(contract.source))
        form = HtmlFormatter(linenos="inline", lineanchors="line", anchorlinenos=True)
        html = highlight(contract.text, YamlLexer(), form)
        return [nodes.raw("", f'<div class="highlight-yaml notranslate contract">{html}</div>', format="html")]


UNBROKEN = 25
"""Characters of code that fit into a line of a phone."""


class OptionsDirective(SphinxDirective):
    """The options of a command, from the function that makes its parser: `package.module:function`."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        module, _, function = self.arguments[0].partition(":")
        parser: Parser = getattr(import_module(module), function)()
        return [node for each in parser.subparsers or [parser] for node in self.reference(each)]

    def reference(self, parser: Parser) -> Iterable[nodes.Node]:
        formatter = parser._get_formatter()
        takes = [formatter._format_args(action, action.dest) for action in parser._get_positional_actions()]
        yield nodes.literal_block("", " ".join([parser.prog, *takes, "[OPTION …]"]), language="text")
        table: list[nodes.Node] = []
        for group in parser._action_groups:
            entries = [self.option(parser, action) for action in group._group_actions if action.help]
            if entries and group.title not in ("options", "positional arguments"):
                table.append(nodes.rubric("", (group.title or "").capitalize()))
            if entries:
                table.append(nodes.definition_list("", *entries, classes=["options"]))
        yield from table

    def option(self, parser: Parser, action: Action) -> nodes.Node:
        formatter = parser._get_formatter()
        names = action.option_strings or [str(action.metavar or action.dest)]
        value = (
            ""
            if not action.option_strings or action.nargs == 0
            else f" {formatter._format_args(action, action.dest.upper())}"
        )
        term = nodes.term("", "", nodes.literal("", ", ".join(names) + value))
        text = nodes.paragraph("", formatter._expand_help(action))
        return nodes.definition_list_item("", term, nodes.definition("", text))


API: dict[str, tuple[str, ...]] = {
    "Clients": ("AlphaEdge", "AsyncAlphaEdge"),
    "Calls": ("resources.ChatCompletions", "resources.AsyncChatCompletions"),
    "Streams and raw responses": ("Stream", "AsyncStream", "RawResponse"),
}
"""Parts of the reference; errors, answers and what is sent follow by their modules."""
NOT_SHOWN = {"Exception", "Generic", "Model", "dict", "object"}
"""Classes whose own members are everybody's; those of the public ones are shown there."""


class ApiDirective(SphinxDirective):
    """Every public name of the client, from its docstrings."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        public = [name for name in alphaedge.__all__ if not name.startswith("__")]
        parts = dict(API)
        for part, module in (("Errors", errors), ("Answers", models), ("What is sent", types)):
            parts[part] = tuple(name for name in public if is_defined_in(module, name))
        parts["Answers"] = ("_model.Model", *parts["Answers"])
        self.stop = ", ".join(sorted(NOT_SHOWN.union(public)))
        return [self.part(part, names) for part, names in parts.items()]

    def part(self, title: str, names: Iterable[str]) -> nodes.Node:
        section = nodes.section("", nodes.title("", title), ids=[nodes.make_id(title)])
        for name in names:
            section += self.parse_text_to_nodes(f"```{{eval-rst}}\n{self.reference(name)}```\n")
        return section

    def reference(self, name: str) -> str:
        """The directive for a name: a subclass that adds nothing shows its base, and not the members of that."""
        value = getattr(alphaedge, name, None)
        if value is not None and not isinstance(value, type):
            return f".. autodata:: alphaedge.models.{name}\n   :no-value:\n"
        options = [":members:", f":inherited-members: {self.stop}"]
        if isinstance(value, type) and value.__base__ and value.__base__.__name__ in alphaedge.__all__:
            options = [
                ":show-inheritance:",
                *([":members:"] if any(member[0] != "_" for member in vars(value)) else []),
            ]
        return "\n   ".join([f".. autoclass:: alphaedge.{name}", *options, ""])


def is_defined_in(module: ModuleType, name: str) -> bool:
    """Whether a public name is a class of this module, or its alias of a type."""
    value = vars(module).get(name)
    if isinstance(value, type):
        return value.__module__ == module.__name__
    return module is models and name in vars(module)


class PictureDirective(SphinxDirective):
    """A page of the suite as a browser shows it, light or dark as the reader has it; where there is no browser, the
    words that GitHub shows in its place."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        words = " ".join(self.content)
        if pictures.browser() is None:
            return [nodes.paragraph("", words)]
        page = self.arguments[0]
        light, dark = (f"_images/{pictures.name(page, scheme)}" for scheme in pictures.SCHEMES)
        html = f'<source srcset="{dark}" media="(prefers-color-scheme: dark)"><img src="{light}" alt="{escape(words)}">'
        return [nodes.raw("", f'<picture class="page">{html}</picture>', format="html")]


def set_type(_: Sphinx, doctree: nodes.document) -> None:
    """A dash between an argument and what is said of it, where Sphinx leaves two hyphens to its quotes, which are not
    used here; and no break after a hyphen of an option."""
    for text in list(doctree.findall(nodes.Text)):
        if text == " -- ":
            text.parent.replace(text, nodes.Text(" – "))
    for literal in doctree.findall(nodes.literal):
        if len(literal.astext()) < UNBROKEN:
            literal["classes"].append("unbroken")


def take_pictures(app: Sphinx, error: Exception | None) -> None:
    """Into the site, and nowhere else: no picture can be older than what it shows."""
    if error is None and pictures.browser() is not None:
        folder = Path(app.outdir) / "_images"
        folder.mkdir(exist_ok=True)
        pictures.take(folder)


def complete(app: Sphinx, page: str, source: list[str]) -> None:
    """What a page has on the site alone."""
    if page == "index":
        source[0] += f"\n\n{contents()}\n"
    if page == "servers" and any((HERE / "servers").glob("*.md")):
        source[0] += "\n\n```{toctree}\n:hidden:\n:glob:\n\nservers/*\n```\n"
    # On GitHub the contract is a file, and here a page.
    source[0] = re.sub(r"\]\(\.\./openapi\.yaml\)", "](contract.md)", source[0])


def setup(app: Sphinx) -> None:
    app.add_directive("requirements", RequirementsDirective)
    app.add_directive("contract", ContractDirective)
    app.add_directive("options", OptionsDirective)
    app.add_directive("api", ApiDirective)
    app.add_directive("picture", PictureDirective)
    app.connect("source-read", complete)
    app.connect("doctree-read", set_type)
    app.connect("build-finished", take_pictures)
