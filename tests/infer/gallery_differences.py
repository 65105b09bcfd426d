"""Differences between the contracts of the gallery and what is inferred from their samples, each with its reason."""

from __future__ import annotations

CODE = "without a name, a code of digits looks like a number"
PHONE = "other numbers may have a + or letters, which the sample does not show"
NAME = "a person names the parts of the file name, and knows which of them change"

# By case and key of the source section.
SOURCE: dict[str, dict[str, str]] = {
    "gallery_amazon_connect": {
        "filename": NAME,
        "header": "that the service adds and reorders fields is not in a sample",
        "unexpected_columns": "that the service adds fields is not in a sample",
    },
    "gallery_asterisk": {"filename": "one name without digits is no pattern"},
    "gallery_avaya": {"filename": NAME},
    "gallery_cisco_cucm": {"filename": NAME, "header": "that releases add columns is not in a sample"},
    "gallery_german_export": {"filename": NAME},
    "gallery_report_with_totals": {
        "filename": NAME,
        "preamble": "a person captures the period and the zone, and leaves the title's values open",
        "footer": "a person names the sum, and writes blank cells as a number of commas",
    },
    "gallery_us_export": {"filename": NAME},
}

# By case and column; columns of sources without a header are column_1, column_2 …
TYPES: dict[str, dict[str, str]] = {
    "gallery_asterisk": {
        "column_2": "a source may be `anonymous`, which the sample does not show",
        "column_3": "extensions of the dial plan may be words",
        "column_17": "the channel's number is text for a person, and looks like a decimal",
    },
    "gallery_amazon_connect": {"LastUpdateTimestamp": "an optional column that the sample does not have"},
    "gallery_cisco_cucm": {
        "origIpAddr": "addresses above 127 are negative, and the sample has none on this side",
        "callingPartyNumber": PHONE,
        "originalCalledPartyNumber": PHONE,
        "finalCalledPartyNumber": PHONE,
    },
    "gallery_avaya": {
        "to_4": "four digits are a time only for who knows the layout",
        "to_9": "the parts of a duration without separators are unknown",
        "to_15": CODE,
        "to_19": CODE,
        "to_41": CODE,
        "to_57": CODE,
        "to_65": "all records of the sample lack it",
        "to_70": CODE,
        "to_72": CODE,
        "to_76": CODE,
        "to_80": CODE,
    },
}
