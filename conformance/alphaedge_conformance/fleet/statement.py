"""An in-toto statement of what a kept report says, bound to its files by their digests. Others sign it.

https://github.com/in-toto/attestation/blob/main/spec/predicates/test-result.md
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

from .. import report as views
from ..archive.har import ARCHIVE
from ..errors import ConfigurationError
from ..judging.verdicts import Conclusion, Status
from ..report.comparison import is_one

TYPE = "https://in-toto.io/Statement/v1"
PREDICATE = "https://in-toto.io/attestation/test-result/v0.1"
SUBJECTS = ("report.json", ARCHIVE)


def statement(folder: Path) -> dict[str, Any]:
    """Of the report in a folder. What did not fail is warned of where it was not judged, or cannot fail the run; one
    that could not be judged has not passed. Raises ConfigurationError."""
    report = views.read(folder / "report.json")
    if is_one(report):
        raise ConfigurationError(f"{folder}: expected the report of one target")
    tests: dict[str, list[str]] = {"passedTests": [], "warnedTests": [], "failedTests": []}
    for each in report["requirements"]:
        if each["status"] == Status.NOT_APPLICABLE:
            continue
        failed = each["status"] == Status.FAILED
        kind = "passed" if each["status"] == Status.PASSED else "failed" if failed and each["scored"] else "warned"
        tests[f"{kind}Tests"].append(each["id"])
    result = "WARNED" if tests["warnedTests"] else "PASSED"
    return {
        "_type": TYPE,
        "subject": [
            {"name": name, "digest": {"sha256": sha256((folder / name).read_bytes()).hexdigest()}}
            for name in SUBJECTS
            if (folder / name).exists()
        ],
        "predicateType": PREDICATE,
        "predicate": {
            "result": result if report["verdict"] == Conclusion.CONFORMS else "FAILED",
            "configuration": [{"name": "openapi.yaml", "digest": {"sha256": report["contract"]["digest"]}}],
            **tests,
        },
    }
