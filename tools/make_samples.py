"""Writes sample call logs with known dirt: the files of src_files/, or one of any size.

    python tools/make_samples.py                               both files of src_files/, the same bytes every time
    python tools/make_samples.py --records 1000000 --out FILE  a big one, at constant memory

Every block of 1,000 records holds the same dirt (`DIRT`) at other places, so the counts of a file are known.
A last block that is not full is clean.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

HEADER = b"call_id,caller_id,agent_id,call_start_time,call_end_time,call_status,talk_seconds,note\n"
BLOCK = 1000
DAY = 86_400
AGENTS = tuple(str(number) for number in range(501, 513))
STATUSES = ("COMPLETED",) * 16 + ("DROPPED",) * 3 + ("FAILED",)
NOTES = (
    *[""] * 30,
    "asked for a callback",
    "billing",
    "plan upgrade",
    "line was bad",
    '"moved house, new address taken"',
    '"said ""never again"""',
    "café franchise",
    "रिचार्ज",
    "address change",
    "refund due",
)


class Call(NamedTuple):
    """The fields of one record as they stand in the file, quotes included."""

    call_id: str
    caller_id: str
    agent_id: str
    start: str
    end: str
    status: str
    talk: str
    note: str

    def line(self) -> bytes:
        """Give the record with its line ending."""
        return (",".join(self) + "\n").encode()


@dataclass(frozen=True, slots=True)
class Dirt:
    """One way to spoil a record: the rule that it then breaks, how often in a block, and how."""

    rule: str
    count: int
    spoil: Callable[[Call, Call], bytes]
    """Takes the record and the first one of its block."""


def _completed(call: Call) -> Call:
    return call._replace(status="COMPLETED", agent_id=call.agent_id or AGENTS[0])


DIRT = (
    Dirt("call_id.required", 3, lambda call, _: call._replace(call_id="").line()),
    Dirt("call_id.unique", 3, lambda call, first: call._replace(call_id=first.call_id).line()),
    Dirt("agent_id.lookup", 1, lambda call, _: call._replace(agent_id="999").line()),
    Dirt("call_start_time.type", 4, lambda call, _: call._replace(start="25:61:00").line()),
    Dirt("call_end_time.required", 3, lambda call, _: call._replace(end=" ").line()),
    Dirt("call_status.allowed", 5, lambda call, _: call._replace(status="COMPLETD").line()),
    Dirt("talk_seconds.min", 5, lambda call, _: call._replace(talk="-1").line()),
    Dirt(
        "ends_after_start", 3, lambda call, _: call._replace(start=call.end, end=call.start, talk="").line()
    ),
    Dirt("answered_has_agent", 4, lambda call, _: _completed(call)._replace(agent_id="").line()),
    Dirt("record.fields", 2, lambda call, _: call.line().rsplit(b",", 3)[0] + b"\n"),
    Dirt("record.quote", 1, lambda call, _: call._replace(note='"the quote never closes').line()),
    Dirt("record.encoding", 1, lambda call, _: call.line()[:-1] + b"caf\xe9\n"),
)
WARNINGS = frozenset({"talk_seconds.min"})

SMALL = HEADER + (
    b"2025010001,919812300001,501,08:00:04,08:03:10,COMPLETED,171,\n"
    b"2025010002,919812300002,502,08:00:41,08:02:00,COMPLETED,60,billing\n"
    b'2025010003,919812300003,503,08:01:00,08:06:30,COMPLETED,300,"moved house, new address taken"\n'
    b"2025010004,919812300004,,08:01:12,08:01:40,DROPPED,0,\n"
    b",919812300005,504,08:02:00,08:04:00,COMPLETED,90,no call id\n"
    b"2025010006,919812300006,505,8:02,08:05:00,COMPLETED,100,start time without seconds\n"
    b"2025010007,919812300007,506,08:03:00,25:10:00,COMPLETED,100,no such hour\n"
    b"2025010008,919812300008,507,08:03:30,,COMPLETED,100,end time missing\n"
    b"2025010009,919812300009,508,08:04:00,08:09:00,ANSWERED,240,no such status\n"
    b"2025010010,919812300010,509,08:04:10,08:09:00,completed,240,allowed values are compared exactly\n"
    b"2025010011,919812300011,,08:05:00,08:06:00,FAILED,,\n"
    b"2025010012,919812300012,510,08:05:30\n"
    b"2025010013,919812300013,511,08:06:00,08:07:00,COMPLETED,30,a comma, that should be quoted\n"
    b'2025010014,919812300014,512,08:06:30,08:09:00,COMPLETED,100,"the quote never closes\n'
    b'2025010015,919812300015,501,08:07:00,08:08:00,COMPLETED,45,"quoted" and more\n'
    b"2025010016,919812300016,502,08:07:10,08:08:00,COMPLETED,40,caf\xe9 in Latin-1\n"
    b"2025010017,919812300017,503,08:08:00,08:11:00,COMPLETED,150,caf\xc3\xa9 in UTF-8\n"
    b"2025010002,919812300018,504,08:08:20,08:09:00,COMPLETED,20,the id of line 3 again\n"
    b"\n"
    b"2025010019,919812300019,505,08:09:00,08:08:00,COMPLETED,,ends before it starts\n"
    b"2025010020,919812300020,,08:09:30,08:10:30,COMPLETED,50,completed without an agent\n"
    b"2025010021,919812300021,506,08:10:00,08:12:00,COMPLETED,-5,a warning only\n"
    b"2025010022,919812300022,507,08:10:30,08:11:00,COMPLETED,900,longer talk than call\n"
    b"2025010023,919812300023,999,08:11:00,08:12:00,COMPLETED,30,no such agent\n"
    b"2025010024,12345,508,08:11:30,08:13:00,COMPLETED,60,caller id too short\n"
    b"20250100X5,919812300025,509,08:12:00,08:13:00,COMPLETED,40,a letter in the id\n"
    b"  ,919812300026,,25:00:00,08:12,LOST,many,several rules at once\n"
    b'2025010027,919812300027,510,08:13:00,08:15:00,COMPLETED,100,"said ""never again"""\n'
    b"2025010028,,511,08:13:30,08:14:00,COMPLETED,20,a hidden caller\n"
    b"2025010029,919812300029,512,08:14:00,08:16:00,COMPLETED,,talk time unknown\n"
    b"2025010030,919812300030,501,08:15:00,08:15:00,COMPLETED,0,no time at all\n"
    b"2025010031,919812300031,,08:15:30,08:15:50,DROPPED,0,\n"
    b"2025010032,919812300032,502,08:16:00,08:20:00,COMPLETED,180,plan upgrade\n"
    b"2025010033,919812300033,503,08:16:30,08:18:00,COMPLETED,75,\n"
    b"2025010034,919812300034,504,08:17:00,08:19:30,COMPLETED,120,line was bad\n"
    b"2025010035,919812300035,505,08:18:00,08:21:00,COMPLETED,160,\xe0\xa4\xb0\xe0\xa4\xbf\xe0\xa4\x9a\xe0\xa4\xbe\xe0\xa4\xb0\xe0\xa5\x8d\xe0\xa4\x9c\n"
    b"2025010036,919812300036,,08:18:30,08:18:40,FAILED,,network\n"
    b"2025010037,919812300037,506,08:19:00,08:24:00,COMPLETED,280,asked for a callback\n"
    b"2025010038,919812300038,507,08:20:00,08:22:00,COMPLETED,100,\n"
    b"2025010039,919812300039,508,08:21:00,08:23:00,COMPLETED,90,no line break at the end"
)


def lines(records: int, *, seed: int) -> Iterator[bytes]:
    """Give the header and the records, blank lines in between, as they stand in the file."""
    rng = random.Random(seed)
    yield HEADER
    for start in range(0, records, BLOCK):
        size = min(BLOCK, records - start)
        plan = _plan(rng) if size == BLOCK else {}
        first = None
        for place in range(size):
            call = _call(start + place, rng)
            first = first or call
            dirt = plan.get(place)
            yield call.line() if dirt is None else dirt.spoil(call, first)
        if size == BLOCK:
            yield b"\n"


def expected_broken(records: int) -> dict[str, int]:
    """Give how many records of a file of that size break each rule; rules not named are kept."""
    return {dirt.rule: dirt.count * (records // BLOCK) for dirt in DIRT}


def expected_rejected(records: int) -> int:
    """Give how many records of a file of that size are rejected."""
    return sum(count for rule, count in expected_broken(records).items() if rule not in WARNINGS)


def _plan(rng: random.Random) -> dict[int, Dirt]:
    spoils = [dirt for dirt in DIRT for _ in range(dirt.count)]
    places = rng.sample(range(1, BLOCK), len(spoils))  # the first record stays clean: duplicates point at it
    return dict(zip(places, spoils, strict=True))


def _call(number: int, rng: random.Random) -> Call:
    draw = rng.random()
    start = int(draw * (DAY - 1000))
    talk = int(draw * 7_919_000) % 900
    status = STATUSES[int(draw * 1e5) % len(STATUSES)]
    answered = status == "COMPLETED"
    return Call(
        call_id=f"{20_250_000_000 + number}",
        caller_id=f"91{int(draw * 1e10):010d}",
        agent_id=AGENTS[number * 7 % len(AGENTS)] if answered else "",
        start=_clock(start),
        end=_clock(start + talk + 7),
        status=status,
        talk=str(talk) if answered else "",
        note=NOTES[int(draw * 1e6) % len(NOTES)],
    )


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def write(path: Path, records: int, *, seed: int) -> None:
    """Write a file of that many records."""
    with path.open("wb", buffering=1 << 20) as file:
        file.writelines(lines(records, seed=seed))


def main() -> None:
    """Write what the options ask for, and say what is in it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--records", type=int, default=10_000, help="how many records (default 10,000)")
    parser.add_argument("--out", type=Path, help="the file to write, instead of those of src_files/")
    parser.add_argument("--seed", type=int, default=202_502)
    options = parser.parse_args()
    if options.out is None:
        folder = Path(__file__).parent.parent / "src_files"
        (folder / "call_center_raw_202501.csv").write_bytes(SMALL)
        options.out = folder / "call_center_raw_202502.csv"
    write(options.out, options.records, seed=options.seed)
    print(
        f"{options.out}: {options.records} records, {expected_rejected(options.records)} of them to be rejected"
    )


if __name__ == "__main__":
    main()
