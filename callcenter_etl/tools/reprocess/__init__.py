"""Put rejects right: corrected exceptions are judged again, and what keeps the contract is written for loading once."""

from callcenter_etl.tools.reprocess.reprocess_result import Reprocessed
from callcenter_etl.tools.reprocess.reprocess_run import ReprocessPlan, reprocess

__all__ = ["ReprocessPlan", "Reprocessed", "reprocess"]
