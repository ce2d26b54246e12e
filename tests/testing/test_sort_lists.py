"""SortLists."""

from __future__ import annotations

from streamcore import CoGroupByKey, Create, Pipeline
from streamcore.testing import SortLists, assert_that, equal_to


def test_the_groups_of_a_join_are_put_in_order() -> None:
    with Pipeline() as p:
        left = p | "left" >> Create([("a", 2), ("a", 1), ("b", 3)])
        right = p | "right" >> Create([("a", 9), ("a", 8)])
        assert_that(
            {"l": left, "r": right} | CoGroupByKey() | SortLists,
            equal_to(
                [
                    ("a", {"l": [1, 2], "r": [8, 9]}),
                    ("b", {"l": [3], "r": []}),
                ]
            ),
        )
