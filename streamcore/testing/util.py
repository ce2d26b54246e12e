"""The names that Beam programs import from `apache_beam.testing.util`, under the same path."""

from __future__ import annotations

from streamcore.testing.assertions import assert_that as assert_that, has_at_least_one as has_at_least_one
from streamcore.testing.matchers import (
    BeamAssertException as BeamAssertException,
    TestWindowedValue as TestWindowedValue,
    contains_in_any_order as contains_in_any_order,
    equal_to as equal_to,
    equal_to_approx as equal_to_approx,
    equal_to_per_window as equal_to_per_window,
    is_empty as is_empty,
    is_not_empty as is_not_empty,
    matches_all as matches_all,
    row_namedtuple_equals_fn as row_namedtuple_equals_fn,
)
