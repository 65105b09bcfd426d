"""Infers a contract from samples."""

from callcenter_etl.tools.infer.inference import Inference, InferOptions, Step, infer_contract

__all__ = ["InferOptions", "Inference", "Step", "infer_contract"]
