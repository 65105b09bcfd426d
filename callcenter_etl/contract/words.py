"""Synonyms from other tools for the keys and values of a contract, each with the valid word.

To add a synonym, append it to the entry of its valid word: in lower case, without `_`, `-` and spaces (`maxLength`
and `max_length` are both `maxlength`). If a replacement alone is not enough, add the advice to NOTES.
"""

from __future__ import annotations

import re
from collections.abc import Collection

MAX_CHARACTERS = 60  # a longer text is not a synonym
# By valid word. A synonym may have several; the position in the contract decides which of them are candidates.
_WORDS: dict[str, str] = {
    # types
    "text": "string str varchar nvarchar char character nchar clob object uuid guid category categorical",
    "digits": "digit numeral numericstring numericcode",
    "integer": "int int8 int16 int32 int64 uint uint32 uint64 bigint smallint tinyint long short whole wholenumber serial",
    "decimal": "float float32 float64 double real number numeric money currency percentage",
    "boolean": "bool bit logical flag yesno truefalse",
    "date": "day localdate date32 date64",
    "time": "timeofday localtime clock time64",
    "datetime": "timestamp timestamptz timestampntz datetime2 datetime64 dateandtime localdatetime offsetdatetime instant",
    "duration": "interval timedelta timespan elapsed",
    # keys of a column
    "name": "field column columnname fieldname id",
    "type": "dtype datatype kind logicaltype physicaltype sqltype",
    "format": "dateformat timeformat datetimeformat timestampformat fmt strptime",
    "timezone": "tz zone timezoneid timezonename tzinfo",
    "two_digit_years": "pivotyear pivot centurystart twodigityearstart",
    "required": "nullable notnull nonnull isnullable mandatory optional allowempty allownull allownulls nonempty notempty",
    "min": "minimum minvalue ge gte gt atleast lowerbound greaterthan greaterthanorequalto exclusiveminimum",
    "max": "maximum maxvalue le lte lt atmost upperbound lessthan lessthanorequalto exclusivemaximum",
    "min_length": "minlength minlen minlengthchars lengthmin minchars",
    "max_length": "maxlength maxlen maxlengthchars lengthmax maxchars length size",
    "pattern": "regex regexp regularexpression matches match mask strmatches",
    "allowed": "enum values acceptedvalues allowedvalues validvalues isin oneof choices options domain categories inset",
    "ignore_case": "casesensitive caseinsensitive ignorecase",
    "unique": "primarykey pk key distinct uniquekey isunique noduplicates",
    "lookup": "foreignkey references reference relationships relationship fk ref",
    "severity": "level",
    "reason": "message msg error errormessage title",
    "aliases": "alias synonyms alternativenames alternatives othernames",
    "classification": "pii sensitive sensitivity confidential confidentiality privacy personal gdpr dataclassification",
    "description": "comment comments doc docs desc note notes",
    "width": "fieldwidth columnwidth fieldlength columnlength",
    "pad": "padding padchar fill fillchar padcharacter",
    "align": "alignment justify adjust",
    "start": "begin startposition position",
    "end": "endposition stop",
    # keys of the contract
    "contract": "id dataset datasetname table tablename",
    "columns": "fields schema properties attributes",
    "rules": "checks constraints assertions tests validations expectations quality",
    "limits": "thresholds threshold tolerance tolerances",
    "owner": "maintainer team contact steward",
    "source": "input file dialect",
    "run": "settings defaults job",
    # keys of source, rules, limits and run
    "delimiter": "sep separator fieldseparator fielddelimiter",
    "quote": "quotechar quotecharacter quoted",
    "encoding": "charset codec codepage",
    "empty_values": "nullvalues navalues missingvalues nulls na nullstrings emptystrings",
    "filename": "namepattern file filepattern",
    "member": "members memberpattern archivemember entry",
    "sheet": "sheetname worksheet sheetnumber tab",
    "max_bytes": "maxsize maxfilesize",
    "extensions": "extension suffix suffixes",
    "check": "expression expr condition assert assertion test sql must",
    "when": "where if filter onlyif",
    "max_rejected": "maxerrors maxfailures maxrejects errorthreshold maxbad allowederrors maxinvalid",
    "min_records": "minrows minrowcount mincount rowcount",
    "output": "out target destination outputdir outputdirectory outputfolder",
    "workers": "threads jobs parallelism processes",
    "chunk_rows": "batchsize chunksize chunkrecords rowsperchunk",
    "level": "loglevel verbosity",
    "directory": "dir folder path",
    # values
    "warn": "warning warnings soft info minor",
    "error": "fatal critical hard failure fail major",
    "personal": "pii private restricted",
    "secret": "confidential topsecret",
    "public": "internal none open",
    "exact": "strict true yes",
    "by_name": "subset names name partial",
    "any_order": "unordered orderless set",
    "none": "false no headerless noheader",
    "lenient": "relaxed loose permissive",
    # functions of expressions
    "empty": "isempty isnull isna isnan isblank blank null",
    "length": "len charlength strlen",
    "lower": "lcase tolower lowercase",
    "upper": "ucase toupper uppercase",
    "left": "substr substring mid prefix startswith",
    "right": "suffix endswith",
    "matches": "regex regexp regexpmatches rlike like match regexpmatch contains",
    "coalesce": "ifnull nvl ifempty default",
    "weekday": "dayofweek dow isoweekday",
    "days": "datediff daysbetween",
    "seconds": "timediff totalseconds secondsbetween",
    "abs": "absolute",
}
NOTES: dict[str, str] = {
    "nullable": "nullable: false is required: true",
    "isnullable": "nullable: false is required: true",
    "allownull": "allow_null: false is required: true",
    "allownulls": "allow_nulls: false is required: true",
    "allowempty": "allow_empty: false is required: true",
    "optional": "a column may be empty unless it has required: true",
    "pii": "write classification: personal",
    "personal": "write classification: personal",
    "sensitive": "write classification: personal, or secret",
    "primarykey": "for one column unique: true with required: true, for several a rule with unique: [...]",
    "casesensitive": "case_sensitive: false is ignore_case: true",
    "exclusiveminimum": "min is inclusive",
    "exclusivemaximum": "max is inclusive",
    "gt": "min is inclusive",
    "lt": "max is inclusive",
    "greaterthan": "min is inclusive",
    "lessthan": "max is inclusive",
    "isin": "allowed: [A, B]",
    "enum": "allowed: [A, B]",
    "datediff": "days(b - a)",
    "timediff": "seconds(b - a)",
    "substring": "left(x, n) and right(x, n) cut texts",
    "substr": "left(x, n) and right(x, n) cut texts",
    "startswith": "left(x, 2) == 'ab'",
    "endswith": "right(x, 2) == 'ab'",
    "contains": "matches(x, '.*ab.*')",
    "like": "matches(x, 'ab.*'), a pattern over the whole text",
}
_MEANT: dict[str, list[str]] = {}
for _right, _others in _WORDS.items():
    for _other in _others.split():
        _MEANT.setdefault(_other, []).append(_right)
_ARGUMENTS = re.compile(r"\([^()]*\)$")  # varchar(20), decimal(10,2)
_JOINTS = re.compile(r"[\s_-]+")


def meant_by(word: str, candidates: Collection[str]) -> tuple[str, str] | None:
    """Return the candidate that is meant by another tool's word, and a note or an empty text; None for no match."""
    if len(word) > MAX_CHARACTERS:
        return None
    plain = _JOINTS.sub("", _ARGUMENTS.sub("", word.strip())).casefold()
    right = next((each for each in _MEANT.get(plain, ()) if each in candidates), None)
    return None if right is None else (right, NOTES.get(plain, ""))
