"""Explains rejects: one record with the verdict of every rule, and the causes behind a run's rejects."""

from callcenter_etl.tools.explain.record_explanation import Explanation, explain_line
from callcenter_etl.tools.explain.reject_causes import Causes, find_causes
from callcenter_etl.tools.explain.run_causes import causes_of_run

__all__ = ["Causes", "Explanation", "causes_of_run", "explain_line", "find_causes"]
