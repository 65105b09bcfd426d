"""Random files with every kind of dirt, for random contracts."""

from __future__ import annotations

import random
from typing import Any

from tests.oracle.contracts import Column, Contract, chance, make_contract
from tests.oracle.groups import declare_some
from tests.oracle.layout import after_header_lines, between, footer_lines, header_lines, preamble_lines
from tests.oracle.reader import SHIFTED
from tests.oracle.samples import BAD, BLANKS, GOOD, near_misses, pool_of
from tests.oracle.splitter import dialect_of
from tests.oracle.vendor_dirt import Dirt, dirt_for
from tests.oracle.writer import LINE_ENDS, Style, encode

BAD_BYTES = {
    "utf-8": (b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xc0\x80", b"\xf0\x9f\x99"),
    "cp1252": (b"\x81", b"\x8d"),
}


def make_case(rng: random.Random, groups: tuple[str, ...] = ()) -> tuple[bytes, Contract]:
    """Return a file and its contract, which may have the keys of these groups.

    The header keeps the contract, the records often do not, and the lines around them now and then.
    """
    contract = make_contract(rng)
    if groups:
        declare_some(rng, contract, groups)
    source = contract["source"]
    header = make_header(rng, contract)
    style = make_style(rng, contract, header)
    main_end = rng.choice(LINE_ENDS)
    is_mixed = chance(rng, 15)
    above = preamble_lines(style, contract)
    if header is not None:
        above += between(style, contract) if groups else []
        above += header_lines(style, contract, [written for _, written in header])
        above += after_header_lines(style, contract)
    count = rng.choice([0, 1, 3, 10, 25, 60]) if header is not None else rng.randint(1, 60)
    records = make_records(style, count, DIRT + dirt_for(contract))
    below = footer_lines(style, contract)
    parts = above + records + below
    ends = [rng.choice(LINE_ENDS) if is_mixed else main_end for _ in parts]
    if parts and chance(rng, 25):
        ends[-1] = ""
    chunks = [encode(style, part + end) for part, end in zip(parts, ends, strict=True)]
    spoil_bytes(style, chunks, len(above), len(above) + len(records))
    if below and "match" in source["footer"] and chance(rng, 4):
        spoil_bytes(style, chunks, len(chunks) - 1, len(chunks), percent=100)
    data = b"".join(chunks)
    if below and chance(rng, 6):
        # Half a character would end a transcoded source before anything is judged.
        is_whole = style.encoding.startswith(("utf-16", *SHIFTED))
        kept = b"".join(chunks[: rng.randint(1, len(chunks))])
        data = kept if is_whole else data[: rng.randint(1, len(data))]
    if style.encoding == "utf-16" or (style.encoding in ("utf-8", "utf-16-le") and chance(rng, 20)):
        data = "\ufeff".encode("utf-16-le" if style.encoding == "utf-16" else style.encoding) + data
    return data, contract


def make_style(rng: random.Random, contract: Contract, header: list[tuple[str, str]] | None) -> Style:
    columns = {column["name"]: column for column in contract["columns"]}
    order = list(columns) if header is None else [name for name, _ in header]
    return Style(
        rng,
        dialect_of(contract["source"], contract["source"]["encoding"]),
        contract["source"]["encoding"],
        tuple(pool_of(columns[name]) if name in columns else GOOD["text"] for name in order),
        tuple(near_misses(columns[name]) if name in columns else () for name in order),
    )


def make_header(rng: random.Random, contract: Contract) -> list[tuple[str, str]] | None:
    """Return (column, written name) in file order; None where the contract wants no header line."""
    source = contract["source"]
    if source["header"] == "none":
        return None
    header = [(column["name"], spelling(rng, column, source)) for column in contract["columns"]]
    optional = [place for place, column in enumerate(contract["columns"]) if column.get("optional", False)]
    for place in reversed(optional[: len(header) - 2]):
        if chance(rng, 50):
            del header[place]
    extra = [(f"extra {place}", f"extra {place}") for place in range(extra_columns(rng, source))]
    if source["header"] == "exact":
        for column in extra:
            header.insert(rng.randint(0, len(header)), column)
    else:
        header += extra
        rng.shuffle(header)
    return header


def extra_columns(rng: random.Random, source: dict[str, Any]) -> int:
    """Return how many undeclared columns there are; seldom some where they are refused."""
    policy = source.get("unexpected_columns", "ignore" if source["header"] == "by_name" else None)
    if policy == "refuse":
        return int(chance(rng, 10))
    return rng.randint(0, 2) if policy is not None else 0


def spelling(rng: random.Random, column: Column, source: dict[str, Any]) -> str:
    name = str(rng.choice([column.get("header", column["name"]), *column.get("aliases", [])]))
    other = name.swapcase()
    try:
        other.encode(source["encoding"])
    except UnicodeEncodeError:  # HZ has é and no É: a question mark would be another header
        return name
    return other if source.get("header_case") == "ignore" else name


def spoil_bytes(style: Style, chunks: list[bytes], first: int, end: int, percent: int = 4) -> None:
    """Put undecodable bytes into some of these lines, where the encoding has such bytes."""
    for place in range(first, end):
        if style.encoding in BAD_BYTES and chance(style.rng, percent):
            cut = style.rng.randint(0, len(chunks[place]))
            bad = style.rng.choice(BAD_BYTES[style.encoding])
            chunks[place] = chunks[place][:cut] + bad + chunks[place][cut:]


def make_records(style: Style, count: int, dirt: tuple[Dirt, ...]) -> list[str]:
    """Return the texts of `count` records or more, the first one clean; dirt comes in bursts or not at all."""
    percent = style.rng.choice([0, 10, 30, 60])
    texts: list[str] = []
    while len(texts) < count:
        if texts and chance(style.rng, percent):
            texts += style.rng.choice(dirt)(style, texts)
        else:
            texts.append(style.line(good_values(style)))
    return texts


def good_values(style: Style) -> list[str]:
    """Give mostly good values, with a few blank or bad ones."""
    values = []
    weights = style.rng.choice([[98, 1, 1], [98, 1, 1], [80, 15, 5]])
    for good, misses in zip(style.pools, style.misses, strict=True):
        pool = style.rng.choices([good, BLANKS, BAD], weights=weights)[0]
        if misses and chance(style.rng, 8):
            pool = misses
        values.append(style.rng.choice(pool))
    if all(value == "" for value in values):
        values[0] = "x"
    return values


def _quote(style: Style) -> str:
    return style.quote or '"'


def bad_values(style: Style, _: list[str]) -> list[str]:
    return [style.line([style.rng.choice(BAD) for _ in style.pools])]


def repeated(style: Style, texts: list[str]) -> list[str]:
    return [style.rng.choice(texts)]


def blank_lines(style: Style, _: list[str]) -> list[str]:
    return [""] * style.rng.randint(1, 3)


def white_line(style: Style, _: list[str]) -> list[str]:
    return [style.rng.choice([" ", "\t", "  ", "\u00a0", "\x0c", "\x00"])]


def delimiters_only(style: Style, _: list[str]) -> list[str]:
    return [style.delimiter * (len(style.pools) - style.rng.choice([0, 1, 1, 2]))]


def too_short(style: Style, _: list[str]) -> list[str]:
    return [style.line(good_values(style)[:-1])]


def too_long(style: Style, _: list[str]) -> list[str]:
    return [style.line(good_values(style) + ["ab"] * style.rng.randint(1, 3))]


def byte_order_mark(style: Style, _: list[str]) -> list[str]:
    quoted = style.delimiter.join(style.enclose(value) for value in good_values(style))
    return ["\ufeff" + style.rng.choice([quoted, style.line(good_values(style))])]


def quote_inside(style: Style, _: list[str]) -> list[str]:
    values = [style.field(value) for value in good_values(style)]
    place = style.rng.randrange(len(values))
    mark = _quote(style)
    values[place] = style.rng.choice([f"a{mark}b", f"a{mark}", f" {mark}a{mark}", f"a{mark}{mark}b"])
    return [style.delimiter.join(values)]


def backslash_escapes(style: Style, _: list[str]) -> list[str]:
    """Give one to three records whose quotes are escaped with backslashes; a later one may close an earlier quote."""
    mark = _quote(style)
    records = []
    for _number in range(style.rng.randint(1, 3)):
        values = [style.field(value) for value in good_values(style)]
        inner = style.rng.choice(
            [f"\\{mark}hi\\{mark}", f"a\\{mark}", f"\\{mark}b", "c:\\", f"a\\{style.delimiter}b"]
        )
        values[style.rng.randrange(len(values))] = f"{mark}{inner}{mark}"
        records.append(style.delimiter.join(values))
    return records


def text_after_quote(style: Style, _: list[str]) -> list[str]:
    values = [style.field(value) for value in good_values(style)]
    place = style.rng.randrange(len(values))
    mark = _quote(style)
    tail = style.rng.choice(["x", " ", f"x{mark}y{mark}", f" {mark}{mark}", f"x{mark}", "\x00"])
    values[place] = f"{mark}ab{mark}{tail}"
    return [style.delimiter.join(values)]


def doubled_quotes(style: Style, _: list[str]) -> list[str]:
    mark = _quote(style)
    values = [style.rng.choice([mark * 2, mark * 3, mark * 4, mark * 5, mark * 6, "ab"]) for _ in style.pools]
    return [style.delimiter.join(values)]


def broken_value(style: Style, _: list[str]) -> list[str]:
    """Write one quoted value with line breaks in it."""
    values = [style.field(value) for value in good_values(style)]
    breaks = "".join(style.rng.choice([*LINE_ENDS, "\n\n", "b", style.delimiter]) for _ in range(4))
    values[style.rng.randrange(len(values))] = style.enclose(f"a{breaks}c")
    return [style.delimiter.join(values)]


def stray_quote(style: Style, _: list[str]) -> list[str]:
    """Open a quote that a later line seems to close: joined, they may even have the right number of fields."""
    mark = _quote(style)
    values = good_values(style)
    opened = style.rng.randrange(len(values))
    first = style.delimiter.join([*values[:opened], mark + style.delimiter.join(values[opened:])])
    between = [style.line(good_values(style)) for _ in range(style.rng.randint(0, 3))]
    closing = [style.field(value) for value in good_values(style)]
    place = style.rng.randrange(len(closing))
    closing[place] = style.rng.choice(
        [f"ab{mark}", f"{mark}ab{mark}", f"{mark}", f"{mark}ab", f"ab{mark * 2}"]
    )
    keep = style.rng.choice([place, opened, 0])
    return [first, *between, style.delimiter.join(closing[keep:])]


def open_quote(style: Style, _: list[str]) -> list[str]:
    values = good_values(style)
    place = style.rng.randrange(len(values))
    values[place] = _quote(style) + values[place]
    return [style.delimiter.join(values)]


def long_value(style: Style, _: list[str]) -> list[str]:
    values = good_values(style)
    size = style.rng.choice([100, 1_000, 4_097, 20_000])
    values[style.rng.randrange(len(values))] = style.rng.choice(["x", "é", "ab "]) * size
    return [style.line(values)]


def many_lines(style: Style, texts: list[str]) -> list[str]:
    """Seldom: a quoted value about as long as may be joined."""
    if not chance(style.rng, 5):
        return bad_values(style, texts)
    values = good_values(style)
    values[-1] = "a" + "\n" * style.rng.choice([500, 998, 999, 1_000, 1_001])
    return [style.line(values)]


DIRT: tuple[Dirt, ...] = (
    bad_values, bad_values, repeated, repeated, blank_lines, white_line, delimiters_only, too_short, too_long,
    byte_order_mark, quote_inside, text_after_quote, backslash_escapes, doubled_quotes, broken_value, broken_value, stray_quote,
    stray_quote, stray_quote, stray_quote, stray_quote, open_quote, long_value, many_lines,
)  # fmt: skip
