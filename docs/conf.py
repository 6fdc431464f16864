"""How Sphinx makes the site from these pages and the contract: `make docs`."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from html import escape
from itertools import groupby
from pathlib import Path

from docutils import nodes
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import YamlLexer
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from alphaedge_conformance.contract import Contract
from alphaedge_conformance.contract.requirements import subject
from alphaedge_conformance.report.catalogue import Known, known, shown
from alphaedge_conformance.run.suite import Suite

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
import pictures  # noqa: E402

project = "AlphaEdge contract kit"
extensions = ["myst_parser"]
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
    "Judge a server": ("tutorial", "judge", "ci", "requirements", "servers"),
    "Call a server": ("client", "openai", "typescript", "clients"),
    "The contract": ("contract", "change", "design"),
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
        for text, command in map(shown, each.faults[:1]):
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
    if page == "servers":
        source[0] += "\n\n```{toctree}\n:hidden:\n:glob:\n\nservers/*\n```\n"
    # On GitHub the contract is a file, and here a page.
    source[0] = re.sub(r"\]\(\.\./openapi\.yaml\)", "](contract.md)", source[0])


def setup(app: Sphinx) -> None:
    app.add_directive("requirements", RequirementsDirective)
    app.add_directive("contract", ContractDirective)
    app.add_directive("picture", PictureDirective)
    app.connect("source-read", complete)
    app.connect("build-finished", take_pictures)
