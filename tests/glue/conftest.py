"""What the tests of the Glue entry share with those of the Spark engine."""

from tests.engines.spark.conftest import needs_spark

__all__ = ["needs_spark"]
