"""The causes behind a run's rejects: what they say, and that pasted advice recovers what it said it would."""

from __future__ import annotations

import copy
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from ruamel.yaml import YAML

from callcenter_etl import load_contract, validate
from callcenter_etl.diagnostics.causes_report import cause_sentence
from callcenter_etl.tools.explain import Causes, find_causes
from callcenter_etl.tools.explain.reject_causes import Cause
from tests.oracle.compare import write_case
from tests.oracle.strategies import cases
from tests.reliability.support import command

BASE: dict[str, Any] = {
    "contract": "calls",
    "columns": [
        {"name": "id", "type": "digits", "required": True},
        {"name": "start", "type": "time", "required": True},
        {"name": "day", "type": "date"},
        {"name": "status", "allowed": ["COMPLETED", "DROPPED"]},
        {"name": "note", "max_length": 5},
    ],
    "rules": [{"name": "late", "check": "start >= '06:00:00'"}],
}
GOOD = "{0},08:00:00,2025-01-31,COMPLETED,ok"
HEADER = "id,start,day,status,note"


def contract_with(**columns: dict[str, Any]) -> dict[str, Any]:
    made = copy.deepcopy(BASE)
    for column in made["columns"]:
        column.update(columns.get(column["name"], {}))
    return made


def run(folder: Path, contract: dict[str, Any], lines: list[str], name: str = "s", **options: Any) -> Causes:
    source = folder / f"{name}.csv"
    source.write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8")
    loaded = load_contract(contract)
    result = validate(source, loaded, output=folder / name, force=True)
    rejected = result.record.records.rejected
    return find_causes([str(folder / name / "exceptions.csv")], loaded.loaded, rejected=rejected, **options)


def pasted(contract: dict[str, Any], yaml: str) -> dict[str, Any]:
    """Put advice into a contract as a person would: columns and rules by name, keys of the source."""
    made = copy.deepcopy(contract)
    for part, entries in YAML(typ="safe").load(yaml).items():
        if part == "source":
            made["source"] = {**made.get("source", {}), **entries}
            continue
        names = [each["name"] for each in made[part]]
        for each in entries:
            made[part][names.index(each["name"])] = each
    return made


def accepted_of(folder: Path, contract: dict[str, Any], lines: list[str]) -> int:
    (folder / "again.csv").write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8")
    result = validate(folder / "again.csv", load_contract(contract), output=folder / "again", force=True)
    return result.record.records.accepted


def many(make: Callable[[int], str], count: int = 40) -> list[str]:
    return [make(number) for number in range(count)]


SHAPES: dict[str, tuple[Callable[[int], str], str]] = {
    "another format of times": (
        lambda n: f"{n},{n % 10}:0{n % 6}:15,2025-01-31,COMPLETED,ok",
        "start looks like H:MM:SS",
    ),
    "another format of dates": (
        lambda n: f"{n},08:00:00,{n % 28 + 1}.1.2025,COMPLETED,ok",
        "day looks like D.M.YYYY",
    ),
    "words for nothing": (lambda n: f"{n},08:00:00,NULL,COMPLETED,ok", "day is 'NULL'"),
    "letter case": (
        lambda n: f"{n},08:00:00,2025-01-31,completed,ok",
        "status is an allowed value in another letter case",
    ),
    "white space around numbers": (
        lambda n: f" {n},08:00:00,2025-01-31,COMPLETED,ok",
        "id has white space around it",
    ),
    "white space and letter case": (
        lambda n: f"{n},08:00:00,2025-01-31, completed,ok",
        "status is an allowed value in another letter case, with white space around it",
    ),
    "a misspelled word": (
        lambda n: f"{n},08:00:00,2025-01-31,COMPLETD,ok",
        "status is 'COMPLETD' (did you mean 'COMPLETED'?)",
    ),
    "decimals": (
        lambda n: f"{n}.0,08:00:00,2025-01-31,COMPLETED,ok",
        "id is a decimal number, such as 12.0",
    ),
    "signs": (lambda n: f"-{n},08:00:00,2025-01-31,COMPLETED,ok", "id has a sign"),
    "long texts": (
        lambda n: f"{n},08:00:00,2025-01-31,COMPLETED,{'x' * (6 + n % 3)}",
        "note is longer than 5 characters, at the most by 3",
    ),
    "text after quotes": (
        lambda n: f'{n},08:00:00,2025-01-31,COMPLETED,"a"b',
        "text stands after a closing quote",
    ),
    "a required value missing": (lambda n: f",0{n % 9}:00:00,2025-01-31,COMPLETED,ok", "id is empty"),
    "a check": (lambda n: f"{n},05:00:00,2025-01-31,COMPLETED,ok", "late does not hold"),
}


@pytest.mark.parametrize("name", SHAPES)
def test_advice_recovers_exactly_what_it_says(name: str, tmp_path: Path) -> None:
    make, what = SHAPES[name]
    # Some of the records break another rule too, which the advice does not mend.
    hopeless = many(lambda n: make(n).replace("COMPLETED", "LOST").replace("completed", "lost"), 3)
    lines = [GOOD.format(7), *many(make), *hopeless]
    cause = next(each for each in run(tmp_path, BASE, lines).causes if each.what == what)
    assert cause.advice is not None
    assert cause.advice.sure == ("may" if name == "words for nothing" else "would")
    before = accepted_of(tmp_path, BASE, lines)
    after = accepted_of(tmp_path, pasted(BASE, cause.advice.yaml), lines)
    assert after - before == cause.advice.recovers > 0


NOTATIONS: dict[str, tuple[dict[str, Any], list[str], str, str, str]] = {
    "a decimal comma and groups": (
        {"type": "decimal"},
        ["1.234,50", "7,5", "-1.000.000,25"],
        "has another decimal separator and separators of thousands",
        "`decimal: ','` and `thousands: '.'`",
        "may",
    ),
    "dollars": (
        {"type": "decimal"},
        ["$1,234.50", "-$7", "$12.5"],
        "has separators of thousands and a prefix",
        "`thousands: ','` and `prefix: ['$']`",
        "would",
    ),
    "euros and percent": (
        {"type": "decimal", "decimal": ","},
        ["€ 12,5", "7,5 %", "7 EUR"],
        "has a prefix and a suffix",
        "`prefix: ['€ ']` and `suffix: [' %', ' EUR']`",
        "would",
    ),
    "groups of an integer": (
        {"type": "integer"},
        ["1 234", "12 345 678"],
        "has separators of thousands",
        "`thousands: ' '`",
        "would",
    ),
    "either a decimal comma or groups": (
        {"type": "decimal"},
        ["1,234", "2,500"],
        "has separators of thousands",
        "`thousands: ','` (or `decimal: ','`: both accept every such value, ask the sender)",
        "would",
    ),
    "yes and no": (
        {"type": "boolean"},
        ["Y", "n", "N"],
        "is one of 'y' and 'n'",
        "`true_values: [true, y]` and `false_values: [false, n]` in any letter case",
        "would",
    ),
    "a padded boolean": (
        {"type": "boolean"},
        ["true ", " FALSE"],
        "has white space around it",
        "`trim: true`",
        "would",
    ),
    "a padded pattern": (
        {"pattern": "[a-z]+"},
        ["ab ", "\tc"],
        "has white space around it",
        "`trim: true`",
        "would",
    ),
    "a padded key": (
        {"type": "integer", "unique": True},
        [" 1", "2 "],
        "has white space around it",
        "`trim: true`",
        "would at most",
    ),
}


@pytest.mark.parametrize("name", NOTATIONS)
def test_values_of_another_notation_get_the_keys_that_accept_them(name: str, tmp_path: Path) -> None:
    keys, values, what, words, sure = NOTATIONS[name]
    note = {"max_length": 50, **keys}
    contract = contract_with(note=note)
    lines = [f'{n},08:00:00,2025-01-31,COMPLETED,"{values[n % len(values)]}"' for n in range(len(values))]
    cause = run(tmp_path, contract, lines).causes[0]
    assert cause.what == f"note {what}"
    assert cause.advice is not None
    assert (cause.advice.words, cause.advice.sure, cause.advice.recovers) == (words, sure, len(values))
    assert accepted_of(tmp_path, contract, lines) == 0
    assert accepted_of(tmp_path, pasted(contract, cause.advice.yaml), lines) == len(values)


def test_values_in_the_lookup_in_another_form_get_the_normalization(tmp_path: Path) -> None:
    (tmp_path / "agents.csv").write_text("agent\nANNA\nBOB\n", encoding="utf-8")
    contract = contract_with(
        note={"max_length": 50, "lookup": {"file": str(tmp_path / "agents.csv"), "column": "agent"}}
    )
    values = ["anna", "bob ", " BOB", "carl"]
    lines = [f"{n},08:00:00,2025-01-31,COMPLETED,{value}" for n, value in enumerate(values)]
    advice = {
        cause.what: cause.advice.words
        for cause in run(tmp_path, contract, lines).causes
        if cause.advice is not None
    }
    assert (
        advice.items()
        >= {
            "note is in the lookup in another letter case": "`case: upper`",
            "note is in the lookup in another letter case, with white space around it": "`trim: true` and `case: upper`",
            "note has white space around it": "`trim: true`",
        }.items()
    )


def test_causes_of_a_normalized_column_are_about_what_was_judged(tmp_path: Path) -> None:
    contract = contract_with(status={"trim": True, "case": "upper"})
    lines = [f"{n},08:00:00,2025-01-31, {word} ,ok" for n, word in enumerate(["lost", "Lost", "LOST"])]
    causes = run(tmp_path, contract, lines).causes
    assert [cause.what for cause in causes] == ["status is 'LOST'"]


def test_a_cause_reads_as_the_operator_asked_for(tmp_path: Path) -> None:
    good = many(GOOD.format, 100)
    bad = many(lambda n: f"{n},9:15:00,2025-01-31,COMPLETED,ok", 97)
    lines = [*good, *bad, *many(lambda n: f"{n},9:15:00,2025-01-31,WRONG,ok", 3)]
    found = run(tmp_path, BASE, lines)
    assert cause_sentence(found.causes[0], found) == (
        "100 % of 100: start looks like H:MM:SS, lines 102 to 201; accepting `%-H:%M:%S` would recover 97"
    )


def test_lines_are_a_stretch_or_spread(tmp_path: Path) -> None:
    lines = many(GOOD.format, 200)
    for at in (3, 60, 120, 199):
        lines[at] = f"{at},9:15:00,2025-01-31,COMPLETED,ok"
    assert run(tmp_path, BASE, lines).causes[0].lines == "spread over lines 5 to 201"
    assert run(tmp_path, BASE, lines[:100]).causes[0].lines == "lines 5 and 62"
    assert run(tmp_path, BASE, lines[:50]).causes[0].lines == "line 5"


def test_days_and_months_that_could_be_either_are_no_certainty(tmp_path: Path) -> None:
    found = run(tmp_path, BASE, many(lambda n: f"{n},08:00:00,0{n % 9 + 1}/05/2025,COMPLETED,ok"))
    advice = found.causes[0].advice
    assert advice is not None
    assert "(or `%m/%d/%Y`: both take every such value, ask the sender)" in advice.words
    sure = run(tmp_path, BASE, many(lambda n: f"{n},08:00:00,{n % 20 + 10}/05/2025,COMPLETED,ok"))
    assert sure.causes[0].advice is not None
    assert sure.causes[0].advice.words == "accepting `%d/%m/%Y`"


def test_a_unique_column_makes_it_at_most(tmp_path: Path) -> None:
    contract = contract_with(id={"unique": True})
    found = run(tmp_path, contract, many(lambda n: f"{n % 20}.0,08:00:00,2025-01-31,COMPLETED,ok"))
    advice = found.causes[0].advice
    assert advice is not None
    assert (advice.sure, advice.recovers) == ("would at most", 40)


def test_broken_lines_are_joined_only_where_they_are_neighbours(tmp_path: Path) -> None:
    lines = [GOOD.format(1), '2,08:00:00,2025-01-31,COMPLETED,"a', 'b"', GOOD.format(3)]
    lines += ['4,08:00:00,2025-01-31,COMPLETED,"a', GOOD.format(5), 'c"']
    cause = next(each for each in run(tmp_path, BASE, lines).causes if each.rule == "record.quote")
    assert cause.advice is not None
    assert (cause.advice.sure, cause.advice.recovers) == ("may", 2)
    assert cause.advice.yaml == "source: {multiline: true}"


@pytest.mark.parametrize(
    ("line", "what", "hint"),
    [
        (GOOD.format(1) + ",x", "6 fields instead of 5", "a value with a delimiter and no quotes around it?"),
        ("total 17", "1 field instead of 5", "a note, a total or a line that was cut?"),
        (GOOD.format(1).replace(",", ";"), "fields are separated by ';' instead of ','", None),
        # Of type digits, which is a text.
        ('"1,000",08:00:00,2025-01-31,COMPLETED,ok', "id has separators of thousands", "without them"),
    ],
)
def test_what_no_contract_can_mend_gets_a_hint(
    tmp_path: Path, line: str, what: str, hint: str | None
) -> None:
    cause = run(tmp_path, BASE, [line] * 3).causes[0]
    assert (cause.what, cause.advice) == (what, None)
    assert (hint or "") in (cause.hint or "")


@pytest.mark.parametrize(
    ("line", "yaml"),
    [
        (GOOD.format(1) + ",", "source: {trailing_delimiter: true}"),
        ("1,08:00:00,2025-01-31,COMPLETED", "source: {short_records: empty}"),
        ('1,08:00:00,2025-01-31,COMPLETED, "a, b"', "source: {skip_initial_space: true}"),
        ('1,08:00:00,2025-01-31,COMPLETED,"a\\",b"', 'source: {escape: "\\\\"}'),
    ],
)
def test_a_cause_names_the_key_of_the_dialect_that_reads_the_records(
    tmp_path: Path, line: str, yaml: str
) -> None:
    advice = (
        run(tmp_path, contract_with(note={"required": False}), [GOOD.format(0), *[line] * 3]).causes[0].advice
    )
    assert advice is not None
    assert (advice.yaml, advice.recovers) == (yaml, 3)


@pytest.mark.parametrize("classification", ["personal", "secret"])
def test_classified_values_are_in_no_cause(tmp_path: Path, classification: str) -> None:
    contract = contract_with(
        status={"classification": classification},
        id={"classification": classification},
        note={"classification": classification, "pattern": "[a-z]*"},
    )
    lines = many(lambda n: f"NULL,08:00:00,2025-01-31,Zanzibar,K-{n:04}")
    found = run(tmp_path, contract, lines)
    told = json.dumps(found.to_dict())
    assert len(found.causes) == 4
    assert not any(value in told for value in ("NULL", "Zanzibar", "K-0"))
    assert ("A-99" in told) == (classification == "personal")


@pytest.mark.parametrize(("value", "shape"), [("!!$$!!", None), ("€²", None), ("!!7$!!", "!!9$!!")])
def test_a_personal_value_that_is_its_own_shape_is_in_no_cause(
    tmp_path: Path, value: str, shape: str | None
) -> None:
    note = {"classification": "personal", "pattern": "[0-9]*", "max_length": 50}
    lines = many(lambda n: f"{n},08:00:00,2025-01-31,COMPLETED,{value}")
    found = run(tmp_path, contract_with(note=note), lines)
    what = "note does not match its pattern" if shape is None else f"note looks like {shape!r} "
    assert [cause.what.startswith(what) for cause in found.causes] == [True]


def test_very_many_rejects_are_sampled_and_said_so(tmp_path: Path) -> None:
    lines = many(lambda n: f"{n},9:15:00,2025-01-31,COMPLETED,ok", 1000)
    found = run(tmp_path, BASE, lines, most=100)
    assert (found.step, found.looked_at, found.rejected) == (10, 100, 1000)
    assert "about 100 % of 1,000" in cause_sentence(found.causes[0], found)
    assert cause_sentence(found.causes[0], found).endswith("would recover about 1,000")


def test_marked_cells_are_read_as_they_were(tmp_path: Path) -> None:
    contract = {**BASE, "run": {"exceptions": {"excel_safe": True}}}
    cause: Cause = run(tmp_path, contract, many(lambda n: f"-{n},08:00:00,2025-01-31,COMPLETED,ok")).causes[0]
    assert cause.what == "id has a sign"


def test_a_run_ends_with_its_causes_unless_quiet(tmp_path: Path) -> None:
    contract = tmp_path / "c.json"
    contract.write_text(json.dumps(BASE), encoding="utf-8")
    lines = [HEADER, *many(lambda n: f"{n},9:15:00,2025-01-31,COMPLETED,ok")]
    (tmp_path / "s.csv").write_text("\n".join(lines), encoding="utf-8")
    words = ("validate", tmp_path / "s.csv", "-c", contract, "-o", tmp_path / "o")
    ended = command(*words)
    assert (ended.returncode, "accepting `%-H:%M:%S` would recover 40" in ended.stdout) == (1, True)
    assert "why" not in command(*words, "--force", "--quiet").stdout
    assert set(json.loads(command(*words, "--force", "--format", "json").stdout)) >= {"run_id", "status"}
    assert "would recover 40" in command("validate", tmp_path / "s.csv", "-c", contract).stdout
    later = command("explain", tmp_path / "o", "-c", contract)
    assert (later.returncode, "why 40 records were rejected:" in later.stdout) == (0, True)
    by_run = command("explain", "--run", "2", "-o", tmp_path / "o", "-c", contract)
    assert (by_run.returncode, "is the beginning of 3 run ids" in by_run.stderr) == (2, True)
    (latest,) = json.loads(
        command("runs", "list", "-o", tmp_path / "o", "-n", "1", "--format", "json").stdout
    )
    shown = command(
        "explain", "--run", latest["run_id"], "-o", tmp_path / "o", "-c", contract, "--format", "json"
    )
    assert json.loads(shown.stdout)["causes"][0]["advice"]["recovers"] == 40
    contract.write_text(json.dumps({**BASE, "version": "2.0.0"}), encoding="utf-8")
    other = command("explain", tmp_path / "o", "-c", contract)
    assert (other.returncode, "another text of contract" in other.stderr) == (2, True)
    none = command("explain", tmp_path, "-c", contract)
    assert (none.returncode, "no run is published here" in none.stderr) == (2, True)


@settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(case=cases())
def test_advice_holds_for_generated_sources(case: tuple[bytes, dict[str, Any]]) -> None:
    data, contract = case
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        source, document = write_case(data, contract, folder)
        loaded = load_contract(document)
        before = validate(source, loaded, output=folder / "o").record
        if before.status == "refused" or not before.records.rejected:
            return
        found = find_causes(
            [str(folder / "o" / "exceptions.csv")], loaded.loaded, rejected=before.records.rejected
        )
        assert found.looked_at == before.records.rejected
        for cause in found.causes:
            if cause.advice is None or cause.advice.sure == "may":
                continue
            document.write_text(json.dumps(pasted(contract, cause.advice.yaml)), encoding="utf-8")
            after = validate(source, load_contract(document), output=folder / "p", force=True).record
            gained = after.records.accepted - before.records.accepted
            assert gained <= cause.advice.recovers
            assert cause.advice.sure != "would" or gained == cause.advice.recovers
