"""Describe each rule of a contract without values of records."""

from __future__ import annotations

from callcenter_etl.contract.model import ContractDocument, RecordRule
from callcenter_etl.rules.compile import compile_rules
from callcenter_etl.rules.kinds import KINDS
from callcenter_etl.rules.rule import Rule

_OTHERS = {
    "record.fields": "a record has as many fields as the header",
    "record.width": "a record has as many characters as the columns of fixed width",
    "record.quote": "quotes open and close as RFC 4180 says, on one line unless multiline is declared",
    "record.encoding": "the bytes of a record are text in the declared encoding",
    "record.too_long": "a record has 16 MiB at most",
    "file.name": "the file name is as the contract declares",
    "file.extension": "the file name ends in a declared extension",
    "file.control": "the control file beside the source is as the contract declares",
    "file.checksum": "the source has the digest that the checksum file beside it gives",
    "file.empty": "the source has a header, and bytes at all",
    "file.not_delimited": "the source is delimited text and what its name says",
    "file.too_few": "the source has the least number of records that the contract declares",
    "file.preamble": "the lines above the header are those that the contract declares",
    "file.after_header": "the lines below the header are those that the contract declares",
    "file.footer": "the source ends with the footer that the contract declares, so that it is complete",
    "header.missing": "every declared column is in the header",
    "header.unexpected": "the header has no column that is not declared",
    "header.order": "the header has the columns in the declared order",
    "header.count": "the header has as many columns as the contract",
    "header.duplicate": "no column name stands twice in the header",
    "header.encoding": "the header is text in the declared encoding",
    "limits.max_rejected": "no more records are rejected than the contract, or --max-rejected, allows",
}


def rule_texts(document: ContractDocument) -> dict[str, str]:
    """Return a sentence for every rule of the contract in order, then for the structural rules of every source."""
    return {rule.id: _sentence(rule) for rule in compile_rules(document)} | _OTHERS


def declarations(document: ContractDocument) -> dict[str, str]:
    """Return the declarations of a contract as YAML text, by rule id."""
    declared = {
        f"{column.name}.{key}": f"column {column.name}: {key}: {KINDS[key].reported(column)}"
        for column in document.columns
        for key in column.rule_keys
    }
    for rule in document.rules:
        parts = {
            "when": rule.when,
            "check": rule.check,
            "unique": _list(rule.unique),
            "lookup": _lookup(rule),
        }
        declared[rule.name] = ", ".join(f"{key}: {text}" for key, text in parts.items() if text)
    return declared


def _sentence(rule: Rule) -> str:
    """Return the sentence of a rule with the placeholders that are the same for every record filled in."""
    # Ends that name a value or a first line are cut: those differ from record to record.
    text = (
        rule.sentence.removesuffix("stands first on line {first_line}")
        .removesuffix("'{value}' ")
        .rstrip(" ,")
    )
    text = text.removesuffix(", got '{value}'").replace("{column}", rule.column or "")
    for placeholder in ("{value}", "{line}", "{first_line}"):
        text = text.replace(placeholder, "…")
    return text


def _lookup(rule: RecordRule) -> str | None:
    return (
        None if rule.lookup is None else f"{_list(tuple(rule.lookup.columns.values()))} of {rule.lookup.file}"
    )


def _list(values: tuple[str, ...] | None) -> str | None:
    return None if values is None else f"[{', '.join(values)}]"
