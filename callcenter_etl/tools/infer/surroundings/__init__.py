"""Finds what is around the records of a sample: preamble, header lines, after_header, comments, footer."""
