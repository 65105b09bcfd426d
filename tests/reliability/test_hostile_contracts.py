"""A contract may be written by anybody: whatever it holds, it costs seconds and megabytes, and ends with a sentence.

Each is loaded by the command line in a process of its own, with limits of processor time and memory.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.shared_folder import REPOSITORY

Serve = Callable[..., dict[str, Any]]
HEAD = "contract: c\ncolumns:\n  - {name: id}\n"


def _laughs(levels: int = 30, width: int = 9) -> str:
    lines = ["contract: c", "a0: &a0 [lol]"]
    lines += [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * width)}]" for level in range(1, levels)]
    return "\n".join(lines) + f"\ncolumns: *a{levels - 1}\n"


def _column(more: str) -> str:
    return f"contract: c\ncolumns:\n  - {{name: id, {more}}}\n"


def _rule(check: str) -> str:
    return f"{HEAD}rules:\n  - {{name: r, check: {json.dumps(check)}}}\n"


WRONG: dict[str, str | bytes] = {
    "billion laughs": _laughs(),
    "quadratic blowup": "contract: c\na: &a "
    + "x" * 100_000
    + "\ncolumns: ["
    + ", ".join(["*a"] * 90_000)
    + "]\n",
    "an alias of itself": "contract: c\ncolumns: &a [*a]\n",
    "a mapping of itself": "&a {contract: c, columns: [*a]}\n",
    "a merge key": "contract: c\nb: &b {name: id}\ncolumns: [{<<: *b}]\n",
    "deep lists": "contract: c\ncolumns: " + "[" * 100_000 + "]" * 100_000,
    "deep open lists": "[" * 1_000_000,
    "deep mappings": "contract: c\ncolumns: " + "{a: " * 50_000,
    "deep indentation": "\n".join(" " * level + "a:" for level in range(1_400)),
    "deep block lists": "- " * 300_000,
    "deep json": '{"contract": "c", "columns": ' + "[" * 200_000,
    "complex keys": "? " * 200_000,
    "a million values": "contract: c\ncolumns: [" + "1," * 400_000 + "]\n",
    "too long": HEAD + "#" * 2**26,
    "a tag that runs code": "contract: !!python/object/apply:os.system ['touch hacked']\ncolumns: [{name: id}]\n",
    "a tag of an object": "contract: c\ncolumns: !!python/name:os.system\n",
    "binary": "contract: !!binary aGk=\ncolumns: [{name: id}]\n",
    "a set": "contract: c\ncolumns: !!set {a, b}\n",
    "two documents": HEAD + "---\n" + HEAD,
    "a later yaml": "%YAML 9.9\n---\n" + HEAD,
    "nul bytes": b"contract: c\x00\ncolumns: []\n",
    "no utf-8": b"contract: \xff\xfe\n",
    "utf-16": HEAD.encode("utf-16"),
    "half a surrogate": 'contract: c\ncolumns: [{name: "\\ud800"}]\n',
    "nothing": "",
    "a huge length": _column("max_length: " + "9" * 5_000),
    "a negative length": _column("max_length: -1"),
    "an infinite length": _column("max_length: .inf"),
    "a huge size": HEAD + "source: {max_bytes: " + "9" * 100_000 + "X}\n",
    "a huge limit": HEAD + "limits: {max_rejected: 1e999999999}\n",
    "a huge percentage": HEAD + "limits: {max_rejected: " + "9" * 10_000 + "%}\n",
    "a huge exponent": _column("type: decimal, min: 1e99999999999999999999, max: 2"),
    "bounds far apart, the wrong way": _column("type: decimal, min: 1e999999999, max: -1e999999999"),
    "a year past all": _column("type: date, min: '99999999999-01-01'"),
    "nested repetition": _column("pattern: '(?:(?:(?:(?:a{1000}){1000}){1000}){1000}){1000}'"),
    "a lookahead": _column(r"pattern: '(?=(a+))a*b\1'"),
    "a large class": _column("pattern: '" + r"[\\x{0}-\\x{10FFFF}]{1000}" * 50 + "'"),
    "a pattern in a check": _rule("matches(id, '(a{1000}){1000}')"),
    "deep parentheses": _rule("(" * 100_000 + "1" + ")" * 100_000),
    "deep nots": _rule("not " * 100_000 + "empty(id)"),
    "deep minuses": _rule("-" * 100_000 + "1 > 0"),
    "deep calls": _rule("upper(" * 50_000 + "id" + ")" * 50_000 + " == 'A'"),
    "a long number": _rule("9" * 200_000 + " > 'a'"),
    "python": _rule("__import__('os').system('touch hacked')"),
    "an attribute": _rule("id.__class__.__mro__[1].__subclasses__()"),
    "a format of formats": _column("type: date, format: '" + "%d" * 100_000 + "'"),
    "a codec that is no encoding": HEAD + "source: {encoding: zlib}\n",
    "a codec by a path": HEAD + "source: {encoding: ../../../tmp/evil}\n",
    "many unknown names": "contract: c\ncolumns:\n"
    + "".join(f"  - {{name: column_number_{n}}}\n" for n in range(3_000))
    + "rules:\n"
    + "".join(f"  - {{name: r{n}, check: 'colunm_nunber_{n} > 1'}}\n" for n in range(3_000)),
    "many unknown keys": HEAD + "".join(f"sauce_{n}: 1\n" for n in range(20_000)),
    "many unknown columns of one key": "contract: c\ncolumns:\n"
    + "".join(f"  - {{name: column_number_{n}}}\n" for n in range(3_000))
    + "rules: [{name: r, unique: ["
    + ", ".join(f"colunm_nunber_{n}" for n in range(3_000))
    + "]}]\n",
}

SOUND: dict[str, str] = {
    "a long duration": _column("type: duration, min: '" + "9" * 100_000 + ":00:00'"),
    "an attribute in a reason": _column("required: true, reason: '{value.__class__.__init__.__globals__}'"),
    "deep groups": _column("pattern: '" + "(" * 100_000 + ")" * 100_000 + "'"),
    "a pattern that backtracks elsewhere": _column("pattern: '(a+)+$'"),
    "a long chain": _rule("+".join(["1"] * 90) + " > 0"),
    "bounds far apart": _column("type: decimal, min: -1e999999999, max: 1e999999999"),
    "many columns": "contract: c\ncolumns:\n" + "".join(f"  - {{name: c{n}}}\n" for n in range(5_000)),
    "an empty value many times": _column("allowed: [" + ", ".join(f"v{n}" for n in range(50_000)) + "]"),
}


@pytest.fixture(scope="module")
def serve() -> Iterator[Serve]:
    line = [sys.executable, "-m", "tests.reliability.hostile_driver"]
    with subprocess.Popen(
        line, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as driver:
        assert driver.stdin is not None
        assert driver.stdout is not None

        def call(*words: object) -> dict[str, Any]:
            assert driver.stdin is not None
            assert driver.stdout is not None
            driver.stdin.write(json.dumps([str(word) for word in words]) + "\n")
            driver.stdin.flush()
            answer: dict[str, Any] = json.loads(driver.stdout.readline())
            return answer

        yield call
        driver.stdin.close()


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "c.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    (folder / "s.csv").write_bytes(b"id\naaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\n1\n")
    return path


def is_bounded(answer: dict[str, Any]) -> bool:
    return answer["seconds"] < 10 and answer["mebibytes"] < 500 and "Traceback" not in answer["said"]


@pytest.mark.parametrize("name", WRONG)
def test_it_is_refused_with_a_sentence(serve: Serve, tmp_path: Path, name: str) -> None:
    answer = serve("contract", "check", written(tmp_path, WRONG[name]))
    assert is_bounded(answer), {**answer, "said": answer["said"][:300]}
    assert answer["code"] == 2, answer["said"][:300]
    assert str(tmp_path / "c.yaml") in answer["said"]
    assert len(answer["said"]) < 2**20
    assert not (REPOSITORY / "hacked").exists()


@pytest.mark.parametrize("name", SOUND)
def test_what_only_looks_hostile_runs_in_bounds(serve: Serve, tmp_path: Path, name: str) -> None:
    contract = written(tmp_path, SOUND[name])
    answer = serve("validate", tmp_path / "s.csv", "-c", contract, "-o", tmp_path / "out", "-q")
    assert is_bounded(answer), {**answer, "said": answer["said"][:300]}
    assert answer["code"] in (0, 1), answer["said"][:300]


@pytest.mark.parametrize(
    "target", ["/dev/zero", "/dev/urandom", "/etc/passwd", "../../../../../../../../../../etc/passwd", "."]
)
def test_a_lookup_elsewhere_gives_nothing_away(serve: Serve, tmp_path: Path, target: str) -> None:
    text = f"contract: c\ncolumns:\n  - {{name: id, lookup: {{file: '{target}', column: root}}}}\n"
    contract = written(tmp_path, text)
    answer = serve("validate", tmp_path / "s.csv", "-c", contract, "-o", tmp_path / "out", "-q")
    assert is_bounded(answer), {**answer, "said": answer["said"][:300]}
    assert answer["code"] == 2, answer["said"][:300]
    assert "columns[0].lookup" in answer["said"]
    assert "root:x" not in answer["said"]


def test_a_pipe_as_a_lookup_is_not_waited_for(serve: Serve, tmp_path: Path) -> None:
    subprocess.run(["mkfifo", tmp_path / "pipe"], check=True)
    contract = written(tmp_path, "contract: c\ncolumns: [{name: id, lookup: {file: pipe, column: id}}]\n")
    answer = serve("validate", tmp_path / "s.csv", "-c", contract, "-o", tmp_path / "out", "-q")
    assert (answer["code"], "not a regular file" in answer["said"]) == (2, True), answer


@pytest.mark.parametrize(("target", "code"), [("/dev/zero", 2), ("c.yaml", 3), ("/", 3), ("nowhere", 3)])
def test_a_contract_that_is_a_link_to_no_contract(
    serve: Serve, tmp_path: Path, target: str, code: int
) -> None:
    (tmp_path / "c.yaml").symlink_to(target)
    for words in (("contract", "check"), ("validate", "s.csv", "-c")):
        answer = serve(*words, tmp_path / "c.yaml")
        assert is_bounded(answer), {**answer, "said": answer["said"][:300]}
        assert answer["code"] in {code, 2}
        assert "c.yaml" in answer["said"]


def test_a_link_to_a_contract_is_that_contract(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "real.yaml").write_text(HEAD)
    (tmp_path / "c.yaml").symlink_to("real.yaml")
    assert serve("contract", "check", tmp_path / "c.yaml")["code"] == 0
