"""The templates, with one style and one script, which the page's own policy names by their hashes."""

from __future__ import annotations

from base64 import b64encode
from datetime import datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ..text import duration
from . import visible

TEMPLATES = Path(__file__).with_name("templates")


def rendered(template: str, **values: Any) -> str:
    style, script = (Markup((TEMPLATES / name).read_text("utf-8")) for name in ("page.css", "page.js"))
    policy = (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; base-uri 'none'; "
        "form-action 'none'"
    )
    page = _environment().get_template(template).render(style=style, script=script, policy=Markup(policy), **values)
    return page + "\n"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        finalize=visible.finalize,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.tests["too_long"] = lambda text: len(text) > visible.LONGEST_COMMAND
    environment.filters |= {
        "attribute": visible.attribute,
        "command": visible.command,
        "whole": visible.whole,
        "prose": visible.prose,
        "seconds": duration,
        "moment": moment,
        "per_cent": per_cent,
        "ranges": ranges,
    }
    return environment


def moment(text: str) -> str:
    """A date for people; as it is where it is none."""
    try:
        found = datetime.fromisoformat(text)
        return f"{found.day} {found:%B %Y, %H:%M:%S %Z}"
    except ValueError:
        return text


def per_cent(share: float) -> str:
    return f"{100 * share:.1f}".removesuffix(".0")


def ranges(numbers: list[int]) -> str:
    """``4, 7-9`` of 4, 7, 8, 9."""
    found: list[list[int]] = []
    for number in sorted(set(numbers)):
        if found and number == found[-1][-1] + 1:
            found[-1] = [found[-1][0], number]
        else:
            found.append([number])
    return ", ".join("–".join(map(str, each)) for each in found)


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"
