"""badge.svg: the verdict in a README."""

from __future__ import annotations

from ..judging.verdicts import Conclusion, Status
from .document import Report

COLOURS = {Conclusion.CONFORMS: "#22683a", Conclusion.DEVIATES: "#ae1f16", Conclusion.INCONCLUSIVE: "#6a5a00"}
COLOURS[Conclusion.KIT_ERROR] = COLOURS[Conclusion.INCONCLUSIVE]
LABEL = "AlphaEdge contract"
NARROW, WIDE = "fijlrt1 .,:", "mwMW"


def badge(report: Report) -> str:
    """An SVG that needs no font and no server; it holds no word of the target's."""
    verdict = Conclusion(report["verdict"])
    failed = sum(each["status"] == Status.FAILED and each["level"] == "MUST" for each in report["requirements"])
    says = f"{verdict}: {failed} MUST failed" if verdict is Conclusion.DEVIATES and failed else str(verdict)
    left, right = _width(LABEL), _width(says)
    whole = left + right
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" width="{whole}" height="20" role="img" aria-label="{LABEL}: {says}">
<title>{LABEL}: {says}</title>
<clipPath id="round"><rect width="{whole}" height="20" rx="3"/></clipPath>
<g clip-path="url(#round)"><rect width="{left}" height="20" fill="#44423d"/>\
<rect x="{left}" width="{right}" height="20" fill="{COLOURS[verdict]}"/></g>
<g fill="#fff" font-family="Verdana, 'DejaVu Sans', sans-serif" font-size="11" text-anchor="middle">\
<text x="{left / 2:g}" y="14" textLength="{left - 12}">{LABEL}</text>\
<text x="{left + right / 2:g}" y="14" textLength="{right - 12}">{says}</text></g>
</svg>
"""


def _width(text: str) -> int:
    """About what Verdana takes at 11 pixels, and six on either side; `textLength` makes it fit."""
    return round(sum(4.2 if char in NARROW else 10.5 if char in WIDE else 7.1 for char in text)) + 12
