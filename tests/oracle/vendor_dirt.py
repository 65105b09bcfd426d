"""Dirt of records in the dialects and surroundings that vendors write."""

from __future__ import annotations

from collections.abc import Callable

from tests.oracle.contracts import Contract, chance
from tests.oracle.vendor_source import AFTER_HEADER, FOOTER, PREAMBLE
from tests.oracle.writer import LINE_ENDS, Style

Dirt = Callable[[Style, list[str]], list[str]]


def sound(style: Style) -> list[str]:
    return [style.field(style.rng.choice(pool)) for pool in style.pools]


def with_field(style: Style, written: str) -> str:
    """Write a sound record but for one field."""
    fields = sound(style)
    fields[style.rng.randrange(len(fields))] = written
    return style.delimiter.join(fields)


def marks(style: Style) -> tuple[str, str, str]:
    return style.dialect.escape or "\\", style.quote or '"', style.delimiter


def escape_at_line_end(style: Style, _: list[str]) -> list[str]:
    """End lines with one escape or several; the next line may complete the record, or be one of its own."""
    escape, _quote, delimiter = marks(style)
    fields = sound(style)
    cut = style.rng.randrange(len(fields))
    run = escape * style.rng.choice([1, 1, 2, 3, 70, 71])
    first = delimiter.join(fields[: cut + 1]) + run
    rest = delimiter.join(fields[cut:] if chance(style.rng, 50) else [f"b{cut}", *fields[cut + 1 :]])
    between = [f"b{escape}"] * style.rng.choice([0, 0, 1, 2])
    return [first, *between, rest]


def escape_runs(style: Style, _: list[str]) -> list[str]:
    escape, quote, delimiter = marks(style)
    run = escape * style.rng.choice([1, 2, 3, 4, 5, 63, 64, 65])
    inner = style.rng.choice(["", "a"]) + run + style.rng.choice([quote, delimiter, "n", "", " ", quote * 2])
    return [with_field(style, style.rng.choice([inner, f"{quote}{inner}{quote}", f"{quote}{inner}"]))]


def escaped_break(style: Style, _: list[str]) -> list[str]:
    """Break a value over lines: after an escape, within quotes, or both."""
    escape, quote, _delimiter = marks(style)
    breaks = "".join(escape + style.rng.choice([*LINE_ENDS, "x"]) for _ in range(style.rng.randint(1, 3)))
    value = style.rng.choice(
        [
            f"a{breaks}b",
            breaks,
            f"{quote}a{breaks}\nb{quote}",
            f"{quote}a{breaks}",
            f"{quote}ab{quote}{breaks}",
        ]
    )
    return [with_field(style, value)]


def null_fields(style: Style, _: list[str]) -> list[str]:
    escape, quote, _delimiter = marks(style)
    forms = [
        f"{escape}N",
        f"{escape}N",
        f"{escape}{escape}N",
        f"{quote}{escape}N{quote}",
        f"{escape}N ",
        f" {escape}N",
        f"x{escape}N",
    ]
    return [style.delimiter.join(style.rng.choice([*forms, field]) for field in sound(style))]


def escaped_quotes(style: Style, _: list[str]) -> list[str]:
    escape, quote, delimiter = marks(style)
    forms = [
        f"{escape}{quote}a{quote}", f"{escape}{quote}a{delimiter}b", f"{quote}a{quote}{escape}{delimiter}b", f"{quote}a{quote}{quote}b{quote}",
        f"{quote}{quote}", f"{quote}{quote}{quote}{quote}", f"{quote}a{escape}{quote}{delimiter}{quote}", f"{quote}a{escape}{escape}{quote}",
    ]  # fmt: skip
    return [with_field(style, style.rng.choice(forms))]


def spaces(style: Style, _: list[str]) -> list[str]:
    escape, quote, delimiter = marks(style)
    gap = style.rng.choice([" ", "  ", "\t", " \t", "\u00a0", " " * 80])
    forms = [
        f"{gap}{quote}a{delimiter} b{quote}",
        f"{quote}a{quote}{gap}",
        gap,
        f"{gap}x{gap}",
        f" {escape} x",
        f"{gap}{quote}a",
        f"{quote}{delimiter}{gap}{quote}",
    ]
    return [style.rng.choice(["", "", " "]) + with_field(style, style.rng.choice(forms))]


def line_ends_in_delimiters(style: Style, _: list[str]) -> list[str]:
    escape, quote, delimiter = marks(style)
    tail = style.rng.choice(
        [
            delimiter,
            delimiter * 2,
            delimiter + quote * 2,
            delimiter + " ",
            escape + delimiter,
            delimiter + escape + delimiter,
            delimiter + "x",
        ]
    )
    fields = sound(style)
    kept = fields[: style.rng.choice([len(fields), len(fields), max(1, len(fields) - 1)])]
    return [delimiter.join(kept) + tail]


def short_over_lines(style: Style, _: list[str]) -> list[str]:
    """Leave out fields behind a value with a line break, or behind a quote that closes late."""
    _escape, quote, delimiter = marks(style)
    fields = sound(style)[: style.rng.randint(1, len(style.pools))]
    fields[-1] = style.rng.choice([f"{quote}a\nb{quote}", f"{quote}a", f"{quote}a{delimiter}{delimiter}"])
    return [delimiter.join(fields)]


def parts_of_delimiter(style: Style, _: list[str]) -> list[str]:
    _escape, quote, delimiter = marks(style)
    some = delimiter[: style.rng.randint(1, len(delimiter))]
    forms = [
        f"a{some}",
        f"{some}a",
        some,
        f"{quote}a{some}{quote}",
        f"a{delimiter[-1]}",
        f"{quote}{delimiter}{some}{quote}",
        "\x1f\x1e\x00",
    ]
    return [with_field(style, style.rng.choice(forms))]


def comments(style: Style, _: list[str]) -> list[str]:
    """Write comments, lines that nearly are some, and values that look like one."""
    escape, quote, delimiter = marks(style)
    comment = style.dialect.comment or "#"
    texts = [
        "",
        " plain",
        f" {quote}open",
        f"{quote}a{quote}x",
        f"a{delimiter}b",
        f" ends{escape}",
        " " + "x" * 200,
        f"{comment}{comment}",
    ]
    return style.rng.choice(
        [
            [comment + style.rng.choice(texts)],
            [comment + style.rng.choice(texts) for _ in range(3)],
            [" " + comment + " not"],
            ["\ufeff" + comment],
            [comment[:-1] + "!"],
            [f"{quote}{comment}{quote}{delimiter}x"],
            [with_field(style, f"{comment}x")],
        ]
    )


def comment_in_value(style: Style, _: list[str]) -> list[str]:
    """Put comments on the lines of a quoted value, which may never close."""
    _escape, quote, _delimiter = marks(style)
    comment = style.dialect.comment or "#"
    inner = f"a\n{comment} b{style.rng.choice(['', quote * 2])}\nc"
    return [
        with_field(
            style,
            style.rng.choice([f"{quote}{inner}{quote}", f"{quote}{inner}", f"{quote}a\n{comment}{quote}"]),
        )
    ]


def stray_surroundings(style: Style, _: list[str]) -> list[str]:
    """Repeat a line that belongs around the records, as where two files were joined."""
    sample = style.rng.choice(PREAMBLE + AFTER_HEADER + FOOTER)
    return [style.rng.choice(sample.texts)]


ESCAPED: tuple[Dirt, ...] = (
    escape_at_line_end,
    escape_at_line_end,
    escape_runs,
    escaped_break,
    null_fields,
    escaped_quotes,
)
# By key of `source`.
VENDOR_DIRT: dict[str, tuple[Dirt, ...]] = {
    "escape": ESCAPED + ESCAPED,
    "double_quote": (escaped_quotes,),
    "skip_initial_space": (spaces, spaces, spaces),
    "trailing_delimiter": (line_ends_in_delimiters, line_ends_in_delimiters, line_ends_in_delimiters),
    "short_records": (short_over_lines, line_ends_in_delimiters),
    "comment": (comments, comments, comments, comment_in_value, comment_in_value),
    "preamble": (stray_surroundings,),
    "after_header": (stray_surroundings,),
    "footer": (stray_surroundings, stray_surroundings),
}


def dirt_for(contract: Contract) -> tuple[Dirt, ...]:
    """Return the dirt of the keys that this contract has."""
    source = contract["source"]
    found = tuple(dirt for key, some in VENDOR_DIRT.items() if key in source for dirt in some)
    return found + ((parts_of_delimiter,) * 3 if len(source["delimiter"]) > 1 else ())
