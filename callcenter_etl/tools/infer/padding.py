"""Decides whether a column needs `trim`: white space around values keeps them from their type or list."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

from callcenter_etl.tools.infer.column_profile import ColumnProfile
from callcenter_etl.tools.infer.column_types import ENOUGH, Fits
from callcenter_etl.tools.infer.value_lists import allowed_values


def without_padding(profile: ColumnProfile, tolerance: Fraction) -> ColumnProfile:
    """Return the profile of the trimmed values if only these have a type or a list, else the profile itself."""
    trimmed = profile.trimmed
    # A few padded values are outliers.
    if trimmed is None or profile.padded <= int(tolerance * profile.filled):
        return profile
    if _type_of(profile, tolerance) != "text":
        return profile
    if _type_of(trimmed, tolerance) != "text" or _has_shorter_list(profile, trimmed, tolerance):
        trimmed.trim, trimmed.padded = True, profile.padded
        return trimmed
    return profile


def _type_of(profile: ColumnProfile, tolerance: Fraction) -> str:
    return Fits.of(profile, words=0, most=int(tolerance * profile.filled)).narrowest().type


def _has_shorter_list(profile: ColumnProfile, trimmed: ColumnProfile, tolerance: Fraction) -> bool:
    most = int(tolerance * profile.filled)
    plain, shorter = (
        None
        if each.distinct is None or each.filled < ENOUGH
        else allowed_values(_sorted(each.distinct), tolerated=most)
        for each in (profile, trimmed)
    )
    return shorter is not None and (plain is None or len(shorter.values) < len(plain.values))


def _sorted(distinct: Counter[str]) -> dict[str, int]:
    return dict(sorted(distinct.items(), key=lambda item: (-item[1], item[0])))
