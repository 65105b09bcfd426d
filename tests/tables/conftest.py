"""The servers and buckets of the storage tests."""

from __future__ import annotations

from tests.storage.conftest import ceph, drops, moto, moto_drops

__all__ = ["ceph", "drops", "moto", "moto_drops"]
