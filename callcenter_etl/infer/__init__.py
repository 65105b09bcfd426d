"""From samples to a contract."""

from callcenter_etl.infer.pipeline import Inference, Options, Step, infer_contract

__all__ = ["Inference", "Options", "Step", "infer_contract"]
