"""Put rejects right: corrected exceptions are judged anew, and what keeps the contract is written for loading once."""

from callcenter_etl.reprocess.result import Reprocessed
from callcenter_etl.reprocess.run import ReprocessPlan, reprocess

__all__ = ["ReprocessPlan", "Reprocessed", "reprocess"]
