"""Dialects of delimited sources, compared with a reader that is slow and obvious."""
