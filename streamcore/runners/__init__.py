"""Runners: what carries a pipeline out."""

from __future__ import annotations

from streamcore.graph.at_once import register_at_once
from streamcore.runners.at_once import run_at_once

# A transform knows no runner, but may be applied to a list.
register_at_once(run_at_once)
