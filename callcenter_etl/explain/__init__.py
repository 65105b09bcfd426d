"""Understand a reject: one record with every rule's verdict, and the causes behind a run's rejects."""

from callcenter_etl.explain.causes import Causes, find_causes
from callcenter_etl.explain.record import Explanation, explain_line
from callcenter_etl.explain.run import causes_of_run

__all__ = ["Causes", "Explanation", "causes_of_run", "explain_line", "find_causes"]
