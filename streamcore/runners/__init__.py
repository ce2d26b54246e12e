"""Runners: what carries a pipeline out."""
