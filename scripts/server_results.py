"""Field results: server_results.py [--record NAME ...] [--record-thorough NAME ...] [--check]

Writes docs/servers.md, and a page a server in docs/servers/, from servers/results/*.json. `--record` makes these
first: each NAME (or "all", the heavy ones too) is judged several times, its findings are repeated with their own curl
lines, and two clients are tried. Then it is judged at thorough effort, on the profiles that it claims too, and asked
for what it makes of each profile; `--record-thorough` makes that part alone anew. A finding is published only when
servers/confirmed/NAME.toml says, for this version of the server, that somebody read the answer of its curl line and why
the accusation is true. What is not seen in each run stands there under `flaky`.
"""

import argparse
import hashlib
import json
import re
import socket
import subprocess
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from recipes import INCONCLUSIVE, RECIPES, ROOT, USAGE, WORK, Failed, Recipe, environment, install, names, read, serving
from servers import flaky, folders, judge, judged, run_as_a_program, worst

RESULTS = RECIPES / "results"
CONFIRMED = RECIPES / "confirmed"
DOCS = ROOT / "docs"
LOCK = ROOT / "bench" / "requirements.lock"
THOROUGH_RUNS = 2

Json = dict[str, Any]


def record(recipe: Recipe) -> None:
    """Judge, repeat, try, and keep what a page needs."""
    result = reduced(recipe, reports_of(recipe, recipe.runs, [], "report"))
    with serving(recipe, WORK / recipe.name) as url:
        result["clients"] = clients(recipe, url)
    repeat(recipe, result["departures"], "answers.txt")
    save(result)


def record_thorough(recipe: Recipe) -> None:
    """What thorough effort finds besides, and what the server makes of each profile."""
    result: Json = json.loads((RESULTS / f"{recipe.name}.json").read_text())
    claims = [word for name in recipe.profiles for word in ("--profile", name)]
    reports = reports_of(recipe, THOROUGH_RUNS, ["--effort", "thorough", "--discover", *claims], "thorough")
    found = reduced(recipe, reports)
    if (found["version"], found["contract"]["version"]) != (result["version"], result["contract"]["version"]):
        raise Failed(USAGE, f"{recipe.name}: its page is of another version or contract; give --record {recipe.name}")
    known = {each["id"] for each in result["departures"]}
    departures = [each for each in found["departures"] if each["id"] not in known]
    result["thorough"] = {
        **{name: found[name] for name in ("date", "requests", "runs", "flaky")},
        "claimed": recipe.profiles,
        "profiles": {each["name"]: [each["outcome"], each["reason"]] for each in reports[0]["profiles"]},
        "departures": departures,
    }
    repeat(recipe, departures, "answers-thorough.txt")
    save(result)


def reports_of(recipe: Recipe, runs: int, arguments: list[str], name: str) -> list[Json]:
    codes = judge(recipe, runs, arguments, name)
    if not judged(recipe.name, codes, name):
        message = f"the suite exited with {', '.join(map(str, codes))}, or wrote no report"
        raise Failed(worst([INCONCLUSIVE, *codes]), f"{recipe.name}: nothing is published: {message}")
    return [json.loads((folder / "report.json").read_text()) for folder in folders(recipe.name, runs, name)]


def repeat(recipe: Recipe, departures: Sequence[Json], name: str) -> None:
    """Writes what the curl line of each departure answers now, to be read."""
    if not departures:
        return
    work, answers = WORK / recipe.name, []
    with ExitStack() as stack:
        url = stack.enter_context(serving(recipe, work))
        for departure in departures:
            if not answers_at(url):  # a request may have ended it
                stack.close()
                url = stack.enter_context(serving(recipe, work))
            answers.append(repeated(recipe, url, departure))
    (work / name).write_text("\n".join(answers))
    print(f"the answers of curl, to be read: {work / name}", flush=True)


def save(result: Json) -> None:
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps(result, indent=1, ensure_ascii=False) + "\n"
    (RESULTS / f"{result['server']}.json").write_text(text)


def answers_at(url: str) -> bool:
    port = int(url.rpartition(":")[2])
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def reduced(recipe: Recipe, reports: Sequence[Json]) -> Json:
    """Of several reports what the page shows; the address of the server is $URL there."""
    first = reports[0]
    runs = [{each["id"]: each for each in report["requirements"]} for report in reports]
    departures = []
    for id in runs[0]:
        failed = [run[id] for run in runs if run[id]["status"] == "failed"]
        if failed:
            worst, finding = failed[0], failed[0]["findings"][0]
            departures.append(
                {
                    "id": id,
                    "level": worst["level"],
                    "source": worst["source"],
                    "title": worst["title"],
                    "counts": [f"{run[id]['failed']} of {run[id]['of']}" for run in runs],
                    "probe": finding["probe"],
                    "message": finding["message"].replace(str(ROOT), "…"),
                    "impact": finding["impact"],
                    "curl": re.sub(r"http://127\.0\.0\.1:\d+", "$URL", finding["curl"]),
                }
            )
    order = ["MUST", "SHOULD", "MAY"]
    return {
        "server": recipe.name,
        "version": recipe.version,
        "date": first["started"][:10],
        "contract": first["contract"],
        "verdict": first["verdict"],
        "requests": first["cost"]["requests"],
        "requirements": {
            level: count([each for each in runs[0].values() if each["level"] == level]) for level in order
        },
        "runs": len(runs),
        "flaky": flaky(list(reports)),
        "departures": sorted(departures, key=lambda each: order.index(each["level"])),
    }


def count(requirements: Sequence[Json]) -> dict[str, int]:
    statuses = [each["status"] for each in requirements]
    return {status: statuses.count(status) for status in dict.fromkeys(statuses)}


def clients(recipe: Recipe, url: str) -> Json:
    """What programs notice, in an environment of their own with the openai SDK and ours from generated/."""
    work = WORK / "clients"
    lock = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    install(read_clients(lock), work)
    python = str(work / "venv" / "bin" / "python")
    command = [python, str(RECIPES / "clients.py"), url, recipe.model, recipe.key]
    env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT / "generated"), "HOME": str(work)}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    found: Json = json.loads(done.stdout)
    return found


def read_clients(version: str) -> Recipe:
    requirements = ["--require-hashes", "--requirement", str(LOCK)]
    return Recipe("clients", version, "", [], "", "", "", 0, requirements)


def repeated(recipe: Recipe, url: str, departure: Json) -> str:
    """A departure, and what its curl line answers now; without the key."""
    line = departure["curl"].replace("curl -sS", "curl -sS -i --max-time 10", 1)
    done = subprocess.run(["bash", "-c", line], env=environment(recipe) | {"URL": url}, capture_output=True)
    answer = (
        (done.stdout + done.stderr).decode("utf-8", "replace").replace("\r", "").replace(recipe.key or "\0", "[key]")
    )
    headers, _, body = answer.partition("\n\n")
    kept = [
        line for line in headers.splitlines() if line.lower().startswith(("http", "content-type", "allow:", "curl"))
    ]
    head = f"== {departure['level']} {departure['id']} ({', '.join(departure['counts'])}): {departure['title']}"
    return "\n".join([head, f"{departure['probe']}: {departure['message']}", departure["curl"], *kept, body[:1200], ""])


# The page


def pages(results: Sequence[Json]) -> dict[Path, str]:
    """The summary, and a page for each server."""
    found = {DOCS / "servers.md": "\n".join(introduction(results))}
    return found | {DOCS / "servers" / f"{each['server']}.md": "\n".join(section(each)) for each in results}


def introduction(results: Sequence[Json]) -> Iterator[str]:
    yield (ROOT / "servers" / "introduction.md").read_text().rstrip()
    yield ""
    yield "| server | version | judged on | contract | verdict | MUST failed | SHOULD failed | not judged | same |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for each in results:
        must, should = (each["requirements"][level] for level in ("MUST", "SHOULD"))
        unjudged = sum(
            level.get(status, 0) for level in (must, should) for status in ("inconclusive", "not-applicable")
        )
        flaky = {*each["flaky"], *confirmations(each).get("flaky", {})}
        same = f"all but {len(flaky)} flaky" if flaky else "all"
        cells = [f"[{each['server']}](servers/{each['server']}.md)", each["version"], each["date"]]
        cells += [each["contract"]["version"], each["verdict"]]
        cells += [f"{level.get('failed', 0)} of {sum(level.values())}" for level in (must, should)]
        yield row([*cells, str(unjudged), f"{same}, {each['runs']} runs"])
    yield ""
    yield "What each makes of the profiles ([Profiles](profiles.md)), by one request of each:"
    yield ""
    tried = [each for each in results if "thorough" in each]
    profiles = sorted({name for each in tried for name in each["thorough"]["profiles"]})
    yield row(["server", *profiles])
    yield row(["---"] * (len(profiles) + 1))
    for each in tried:
        yield row([each["server"], *(str(each["thorough"]["profiles"].get(name, [""])[0]) for name in profiles)])
    yield ""
    yield "What two programs notice, the openai SDK and the client of this kit, of the same five calls:"
    yield ""
    columns = list(next(iter(results[0]["clients"].values())))
    yield row(["server", *columns])
    yield row(["---"] * (len(columns) + 1))
    for each in results:
        views = [[outcomes[column] for outcomes in each["clients"].values()] for column in columns]
        yield row([each["server"], *(" / ".join(dict.fromkeys(view)) for view in views)])
    yield ""


def section(result: Json) -> Iterator[str]:
    """One server: each departure in a line, what it does to the client, and the command that shows it."""
    recipe = read(result["server"])
    yield f"# {result['server']}"
    yield ""
    yield f"{recipe.about[0].upper()}{recipe.about[1:]}. Version {result['version']}."
    yield ""
    for id, seen in result["flaky"].items():
        yield f"Flaky: `{id}`, in {result['runs']} runs: {', '.join(seen)}."
        yield ""
    said = confirmations(result)
    for id, why in said.get("flaky", {}).items():
        yield f"Flaky: `{id}`. {why}"
        yield ""
    if "note" in said:
        yield said["note"]
        yield ""
    confirmed = said.get("departures", {}) | said.get("flaky", {})
    if confirmed:
        yield f"Each departure was confirmed by hand on {said['date']}."
        yield ""
    for each in result["departures"]:
        yield from departed(each, confirmed)
    if not result["departures"]:
        yield "No departure."
        yield ""
    if "thorough" in result:
        yield from beyond(result["thorough"], confirmed)


def beyond(found: Json, confirmed: Json) -> Iterator[str]:
    """What thorough effort finds besides, and the profiles."""
    yield "## At thorough effort"
    yield ""
    claimed = f", on the claimed profiles {', '.join(found['claimed'])} too" if found["claimed"] else ""
    more = f"{len(found['departures'])} more than above" if found["departures"] else "nothing that is not above"
    yield f"Judged on {found['date']} with {found['requests']} requests{claimed}, {found['runs']} times: {more}."
    yield ""
    for id, seen in found["flaky"].items():
        yield f"Flaky: `{id}`, in {found['runs']} runs: {', '.join(seen)}."
        yield ""
    for each in found["departures"]:
        yield from departed(each, confirmed)
    yield "| profile | one request of it is | why |"
    yield "|---|---|---|"
    for name, (outcome, reason) in found["profiles"].items():
        yield row([name, outcome, (reason or "").replace("|", "\\|")])
    yield ""


def departed(departure: Json, confirmed: Json) -> Iterator[str]:
    counts = ", ".join(dict.fromkeys(departure["counts"]))
    what = f"**{departure['level']}** `{departure['id']}`, {counts} exchanges, {departure['source']}."
    yield f"- {what} {confirmed[departure['id']]}"
    yield f"  *In a program:* {departure['impact'] or unnoticed(departure)}."
    yield ""
    yield f"      {departure['curl']}"
    yield ""


def unnoticed(departure: Json) -> str:
    """What the generated client makes of an answer that surprises it in nothing."""
    return "no error, so the mistake goes unnoticed" if "got 200" in departure["message"] else "nothing unexpected"


def confirmations(result: Json) -> Json:
    """Why each accusation is true; raises Failed where one was not confirmed for this version."""
    path = CONFIRMED / f"{result['server']}.toml"
    said = tomllib.loads(path.read_text()) if path.exists() else {}
    known = said.get("departures", {}) | said.get("flaky", {})
    missing = [id for id in departures(result) if id not in known]
    if departures(result) and (missing or said.get("version") != result["version"]):
        what = ", ".join(missing) or f"version {result['version']}"
        raise Failed(USAGE, f"{path}: not confirmed by hand: {what}; read .servers/{result['server']}/answers*.txt")
    return said


def departures(result: Json) -> list[str]:
    """The requirements that are broken at any effort."""
    return [each["id"] for part in (result, result.get("thorough", {})) for each in part.get("departures", [])]


def saved() -> list[Json]:
    found = [json.loads(path.read_text()) for path in RESULTS.glob("*.json")]
    return sorted(found, key=lambda result: str(result["server"]))


def row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--record", nargs="+", metavar="NAME", default=[], choices=[*names(), "all"])
    parser.add_argument("--record-thorough", nargs="+", metavar="NAME", default=[], choices=[*names(), "all"])
    parser.add_argument("--check", action="store_true", help="compare only")
    given = parser.parse_args()
    wanted = [names() if "all" in named else named for named in (given.record, given.record_thorough)]
    for recipe in map(read, wanted[0]):
        record(recipe)
        record_thorough(recipe)
    for recipe in map(read, wanted[1]):
        record_thorough(recipe)
    text = pages(saved())
    known = {DOCS / "servers.md", *(DOCS / "servers").glob("*.md")}
    if given.check:
        return int(known != text.keys() or any(path.read_bytes() != text[path].encode() for path in known))
    (DOCS / "servers").mkdir(exist_ok=True)
    for path in known - text.keys():
        path.unlink()
    for path, content in text.items():
        path.write_text(content)
    return 0


if __name__ == "__main__":
    run_as_a_program(main)
