"""Proves that other tools judge exported contracts as we do: the matrix of docs/interop.md.

Each case is exported to ODCS 3.0.2, 3.1 and 3.2 and as a Frictionless package; the product judges the ODCS file
itself, datacontract-cli the same file, frictionless the package, all on the same source. Ends with 1 where verdicts
differ that are not known to differ.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from callcenter_etl import load_contract, validate
from callcenter_etl.tools.convert.conversion import export_contract
from tools.interop_cases import CASES, FOREIGN, Case, Foreign

VERSIONS = ("3.0.2", "3.1.0", "3.2.0")
PAGE = Path("docs/interop.md")
MARKS = ("<!-- matrix -->\n", "<!-- end of matrix -->\n")
_NO_TIMES = "3.0 has no times, only dates with a time's format, which is not read"
KNOWN = {  # why a verdict is not the same, by case and tool
    ("required, blank", "datacontract-cli"): "white space alone is a value there",
    ("required, blank", "frictionless"): "white space alone is a value there",
    ("integer, a fraction", "datacontract-cli"): "2.5 is rounded to a whole number",
    ("time, max", "datacontract-cli"): _NO_TIMES,
    ("time", "datacontract-cli"): _NO_TIMES,
}
WARNS = ", warns"
_ONLY_OURS = "check over columns"


@dataclass(frozen=True, slots=True)
class Job:
    """One file to judge: good or bad, of a case, in an ODCS version."""

    case: Case | Foreign
    version: str
    kind: str
    folder: Path

    @property
    def name(self) -> str:
        """A name for the other tools' answers."""
        return f"{self.case.name}|{self.version}|{self.kind}"


def jobs_in(folder: Path) -> Iterator[Job]:
    """Write every case's contracts and sources."""
    numbered: list[tuple[Case | Foreign, str]] = [(case, version) for case in CASES for version in VERSIONS]
    numbered += [(case, "as it is") for case in FOREIGN]
    for number, (case, version) in enumerate(numbered):
        for kind, values in (("good", case.good), ("bad", case.bad)):
            place = folder / f"{number}_{kind}"
            place.mkdir()
            rows = ["x,k", *(f"{value},k" for value in values)]
            if case.name == "header, a column missing" and kind == "bad":
                rows = ["k", "k"]
            (place / "source.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
            _write_contracts(case, version, place)
            yield Job(case, version, kind, place)


def _write_contracts(case: Case | Foreign, version: str, place: Path) -> None:
    if isinstance(case, Foreign):
        (place / "contract.odcs.yaml").write_text(case.text, encoding="utf-8")
        return
    columns = [{"name": "x", **case.column}, {"name": "k"}]
    contract = load_contract(
        {
            "contract": "proof",
            "source": {"header": "by_name"},
            "columns": columns,
            "run": {"source": "source.csv"},
            **case.more,
        }
    )
    exported = export_contract(contract.document, "odcs", version=version)
    (place / "contract.odcs.yaml").write_text(exported.text, encoding="utf-8")
    package = export_contract(contract.document, "frictionless-package")
    (place / "package.json").write_text(package.text, encoding="utf-8")


def ours(job: Job) -> str:
    """Give our verdict on the rule that a case is about: keeps or breaks."""
    contract = load_contract(job.folder / "contract.odcs.yaml")
    found = validate(job.folder / "source.csv", contract).summary
    if isinstance(job.case, Foreign):
        return "breaks" if found["status"] != "passed" else "keeps"
    if job.case.rule in ("limits", "header"):
        return "breaks" if found["problems"] else "keeps"
    return "breaks" if found["rules"][job.case.rule]["broken"] else "keeps"


def theirs(job: Job, checks: list[dict[str, Any]]) -> str:
    """Give datacontract-cli's verdict on the same rule; a source that it cannot read breaks its types."""
    broken = ("failed", "error", "warning")
    if any(check["type"] == "general" and check["result"] in broken for check in checks):
        return "breaks"
    wanted = [check for check in checks if check["type"] in job.case.theirs]
    if job.case.theirs == ("error",):
        return "keeps"
    if not wanted:
        return "not asked"
    return "breaks" if any(check["result"] in broken for check in wanted) else "keeps"


def judge(python: str, jobs: list[Job]) -> dict[str, Any]:
    """Ask the other tools, in their own environment."""
    asked = []
    for job in jobs:
        case = {"name": job.name, "odcs": str(job.folder / "contract.odcs.yaml")}
        if (job.folder / "package.json").exists() and job.version == VERSIONS[-1]:
            case["package"] = str(job.folder / "package.json")
        asked.append(case)
    done = subprocess.run(  # noqa: S603  our own program
        [python, str(Path(__file__).parent / "interop_judge.py")],
        input=json.dumps(asked),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def rows_of(jobs: list[Job], answer: dict[str, Any]) -> list[tuple[str, ...]]:
    """Give a row a case and version: verdicts on the good and the bad file, by tool."""
    said = {each["name"]: each for each in answer["said"]}
    rows: list[tuple[str, ...]] = []
    for good, bad in zip(jobs[::2], jobs[1::2], strict=True):
        us = f"{ours(good)} / {ours(bad)}"
        cli = " / ".join(theirs(job, said[job.name]["checks"]) for job in (good, bad))
        errors = [said[job.name]["errors"] for job in (good, bad)]
        other = "" if errors[0] is None else " / ".join("breaks" if each else "keeps" for each in errors)
        rows.append((good.case.name, good.version, us, cli, other))
    return rows


def remark(row: tuple[str, ...], tool: str) -> str:
    """Say why a verdict is not ours; empty where it is the same, `DIFFERS` where nobody knows why."""
    name, version, us, cli, other = row
    verdict = cli if tool == "datacontract-cli" else other
    if verdict in (us, ""):
        return ""
    if (name, tool) in KNOWN:
        return KNOWN[name, tool]
    if verdict == "not asked / not asked":
        return "not asked there: " + (
            "its words of 3.0 are not read" if version == "3.0.2" else "it has no such check"
        )
    if tool == "frictionless" and (
        name.endswith(WARNS) or name in ("check over columns", "fewest records", "unique together")
    ):
        return "it has no such check"
    return "DIFFERS"


def table(rows: list[tuple[str, ...]], answer: dict[str, Any]) -> str:
    """Write the matrix: cases that come out alike in all versions share a row."""
    tools = answer["tools"]
    when = datetime.now(UTC).date().isoformat()
    whose = f"datacontract-cli {tools['datacontract-cli']}, frictionless {tools['frictionless']}, {when}."
    lines = [
        f"{whose} Each cell: the verdict on a file that keeps the rule / on one that breaks it.",
        "",
        "| rule | ODCS | callcenter-etl | datacontract-cli | frictionless | where they differ |",
        "|---|---|---|---|---|---|",
    ]
    frictionless = {row[0]: row[4] for row in rows if row[4]}
    merged: dict[tuple[str, ...], list[str]] = {}
    for row in rows:
        whole = (*row[:4], frictionless.get(row[0], ""))
        why = [(tool, remark(whole, tool)) for tool in ("datacontract-cli", "frictionless")]
        told = "; ".join(f"{tool}: {each}" for tool, each in why if each)
        merged.setdefault((row[0], row[2], row[3], frictionless.get(row[0], ""), told), []).append(row[1])
    for (name, us, cli, other, told), versions in merged.items():
        lines.append(f"| {name} | {', '.join(versions)} | {us} | {cli} | {other} | {told} |")
    return "\n".join(lines) + "\n"


def main() -> int:
    """Judge, compare, and write the matrix into the page."""
    with tempfile.TemporaryDirectory(prefix="callcenter_etl-interop-") as folder:
        jobs = list(jobs_in(Path(folder)))
        answer = judge(sys.argv[1], jobs)
        rows = rows_of(jobs, answer)
    text = table(rows, answer)
    page = PAGE.read_text(encoding="utf-8")
    before, rest = page.split(MARKS[0])
    after = rest.split(MARKS[1])[1]
    PAGE.write_text(f"{before}{MARKS[0]}{text}{MARKS[1]}{after}", encoding="utf-8")
    print(text)
    unknown = text.count("DIFFERS")
    print(f"{len(jobs)} files judged, {unknown} verdicts differ for no known reason")
    return int(unknown > 0)


if __name__ == "__main__":
    sys.exit(main())
