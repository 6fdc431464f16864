"""What targets.toml says of a fleet."""

from __future__ import annotations

from pathlib import Path

import pytest

from alphaedge_conformance.contract import Contract
from alphaedge_conformance.errors import ConfigurationError
from alphaedge_conformance.fleet.lanes import count, read

FLEET = """
[lanes]
concurrency = 6
rate = "30/min"

[lanes."api.example.com"]
concurrency = 2
rate = "5/s"

[large]
url = "https://api.example.com/v1"
model = "large"
key_variable = "ONE_KEY"

[small]
url = "api.example.com"
model = "small"
key_variable = "ONE_KEY"

[of-another-customer]
url = "https://api.example.com"
key_file = "secret/other.key"

[own]
url = "http://127.0.0.1:8000"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "targets.toml"
    path.write_text(text)
    return path


def test_targets_at_one_host_with_one_key_share_a_lane(contract: Contract, tmp_path: Path) -> None:
    found = {lane.name: lane for lane in read(written(tmp_path, FLEET), contract, "any")}
    other = f"api.example.com {tmp_path / 'secret/other.key'}"
    assert {name: [each.name for each in lane.entries] for name, lane in found.items()} == {
        "api.example.com ONE_KEY": ["large", "small"],
        other: ["of-another-customer"],
        "127.0.0.1:8000": ["own"],
    }
    assert {name: (lane.concurrency, lane.rate) for name, lane in found.items()} == {
        "api.example.com ONE_KEY": (2, 5.0),
        other: (2, 5.0),
        "127.0.0.1:8000": (6, 0.5),
    }
    assert count(list(found.values())) == 4


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"api.example.com"]', "api.example.com]", r"no target is at 'api'; expected, in quotes, one of 127"),
        (
            "concurrency = 2",
            "concurrency = 0",
            r'\[lanes."api.example.com"\]: concurrency: expected a whole number of at least 1',
        ),
        (
            "concurrency = 6",
            "concurrency = true",
            r"\[lanes\]: concurrency: expected a whole number of at least 1, found True",
        ),
        ('"30/min"', '"30"', r"\[lanes\]: rate: expected a rate as 2/s or 30/min, got '30'"),
        ('"30/min"', "30", r"\[lanes\]: rate: .*in quotes, got 30"),
        ("concurrency = 6", "width = 6", r"\[lanes\]: expected concurrency or rate, found 'width'"),
        ('[lanes."api.example.com"]', '[lanes."api.example.org"]', "no target is at 'api.example.org'"),
        ('key_file = "', 'key_variable = "X"\nkey_file = "', "expected key_variable or key_file, found both"),
        ('"http://127.0.0.1:8000"', '"ftp://x"', r"\[own\]: expected a URL"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(
    contract: Contract, tmp_path: Path, old: str, new: str, says: str
) -> None:
    assert old in FLEET
    with pytest.raises(ConfigurationError, match=says):
        read(written(tmp_path, FLEET.replace(old, new)), contract, None)


def test_a_key_comes_from_its_file(contract: Contract, tmp_path: Path) -> None:
    path = written(tmp_path, FLEET)
    entry = next(each for lane in read(path, contract, None) for each in lane.entries if each.key_file is not None)
    with pytest.raises(ConfigurationError, match=r"\[of-another-customer\]: key_file .*other.key: No such file"):
        entry.target(contract)
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "other.key").write_text("sk-of-the-file\n")
    assert entry.target(contract).key == "sk-of-the-file"
    (tmp_path / "secret" / "other.key").write_text("\n")
    with pytest.raises(ConfigurationError, match="expected a file that holds the key alone"):
        entry.target(contract)
