"""Durable state: values as bytes, and the directory that checkpoints are kept in."""
