"""The slow, obvious, one-value-at-a-time opinion about every record, from the specification alone."""
