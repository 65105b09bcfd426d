"""The kinds of column rules, one in each file, by the key that declares the rule."""

from __future__ import annotations

from callcenter_etl.rules.kinds.allowed import ALLOWED
from callcenter_etl.rules.kinds.lookup import LOOKUP
from callcenter_etl.rules.kinds.max import MAX
from callcenter_etl.rules.kinds.max_length import MAX_LENGTH
from callcenter_etl.rules.kinds.min import MIN
from callcenter_etl.rules.kinds.min_length import MIN_LENGTH
from callcenter_etl.rules.kinds.pattern import PATTERN
from callcenter_etl.rules.kinds.required import REQUIRED
from callcenter_etl.rules.kinds.type import TYPE
from callcenter_etl.rules.kinds.unique import UNIQUE
from callcenter_etl.rules.rule_kind import RuleKind

# In the order of the contract's RULE_KEYS; a test compares the two.
KINDS: dict[str, RuleKind] = {
    kind.key: kind
    for kind in (
        REQUIRED,
        TYPE,
        MIN,
        MAX,
        MIN_LENGTH,
        MAX_LENGTH,
        PATTERN,
        ALLOWED,
        UNIQUE,
        LOOKUP,
    )
}
