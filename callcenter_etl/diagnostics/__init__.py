"""Diagnostics as text: for people, for other programs, and as a page."""
