"""docs/reference/rules.md: every kind of rule with a passing and a failing sample, judged by the validator itself."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from callcenter_etl import load_contract, validate
from callcenter_etl.rules.compile import compile_rules
from callcenter_etl.rules.sample import Sample
from callcenter_etl.rules.samples import sections

_HEAD = """# Rules

Rule ids are `<column>.<key>`; a rule over a whole record goes by its `name`. A malformed record gets its one structural
rule and is asked no other; a refused source is not read. Every sample below runs as a test: the passing source breaks
nothing, the failing one breaks what is named and no more, with the reason shown. This page is made from
`callcenter_etl/rules/kinds/` and `callcenter_etl/rules/samples.py` by `make docs`.
"""


@dataclass(frozen=True, slots=True)
class Judged:
    """What the validator made of a source: its status, the rules broken, and the first reason."""

    status: str
    broken: tuple[str, ...]
    reason: str


def judge(sample: Sample, source: bytes, name: str, folder: Path) -> Judged:
    """Validate one of the sample's sources in an empty folder, as a user would."""
    for file, text in sample.files.items():
        (folder / file).write_text(text, encoding="utf-8")
    (folder / "contract.yaml").write_text(sample.document, encoding="utf-8")
    (folder / name).write_bytes(source)
    result = validate(folder / name, load_contract(folder / "contract.yaml"), output=folder / "out")
    problems = result.record.problems
    if problems:
        message = next((each.message for each in problems if each.rule == sample.breaks), problems[0].message)
        return Judged(result.record.status, tuple(each.rule for each in problems), _without(message, folder))
    exceptions = result.exceptions
    if not len(exceptions):
        return Judged(result.record.status, (), "")
    first = exceptions.iloc[0]
    return Judged(result.record.status, tuple(first["reject_rules"].split("; ")), first["reject_reasons"])


def judged_pair(sample: Sample) -> tuple[Judged, Judged]:
    """Judge the passing and the failing source of a sample."""
    verdicts = []
    for source, name in ((sample.passing, "calls.csv"), (sample.failing, sample.failing_name)):
        with tempfile.TemporaryDirectory() as folder:
            verdicts.append(judge(sample, source, name, Path(folder)))
    return verdicts[0], verdicts[1]


def rules_page() -> str:
    """Give the page."""
    lines = [_HEAD]
    for title, samples in sections().items():
        lines += [f"## {title}", ""]
        last = ""
        for sample in samples:
            if sample.kind != last:
                lines += [f"### `{sample.kind}`", ""]
            last = sample.kind
            lines += _sample(sample)
    return "\n".join(lines) + "\n"


def _sample(sample: Sample) -> list[str]:
    _, failing = judged_pair(sample)
    name = f" as `{sample.failing_name}`" if sample.failing_name != "calls.csv" else ""
    shown = sample.failing_shown or sample.failing.decode("utf-8", "backslashreplace")
    more = [line for file, text in sample.files.items() for line in (f"`{file}`:", "", *_fence("text", text))]
    return [
        f"{sample.asks[0].upper()}{sample.asks[1:]}.",
        "",
        *_fence("yaml", sample.contract),
        *more,
        "Passes:",
        "",
        *_fence("text", sample.passing.decode()),
        f"Fails{name} with `{sample.breaks}`{''.join(f', and `{rule}` with it' for rule in sample.also)}:",
        "",
        *_fence("text", shown),
        "with the reason",
        "",
        *_fence("text", failing.reason),
        *_sentence(sample),
    ]


def _sentence(sample: Sample) -> list[str]:
    """Give the standard sentence, where the rule is one of the contract's."""
    document = load_contract({"contract": "sample", **_loaded(sample)}).document
    sentences = {rule.id: rule.sentence for rule in compile_rules(document)}
    found = sentences.get(sample.breaks)
    return [] if found is None else [f"The standard sentence, which `reason` replaces: `{found}`", ""]


def _loaded(sample: Sample) -> dict[str, object]:
    from ruamel.yaml import YAML

    loaded: dict[str, object] = YAML(typ="safe", pure=True).load(sample.contract)
    return loaded


def _fence(language: str, text: str) -> list[str]:
    return [f"```{language}", *text.rstrip("\n").split("\n"), "```", ""]


def _without(text: str, folder: Path) -> str:
    return text.replace(f"{folder}/", "")
