"""Validates corrected rejects again, and writes the records that pass, each of them once."""

from callcenter_etl.tools.reprocess.reprocess_result import Reprocessed
from callcenter_etl.tools.reprocess.reprocess_run import ReprocessPlan, reprocess

__all__ = ["ReprocessPlan", "Reprocessed", "reprocess"]
