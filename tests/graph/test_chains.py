from __future__ import annotations

import pytest

from streamcore import Create, Filter, Map
from streamcore.testing import TestPipeline, assert_that, equal_to


def test_transforms_can_be_chained_before_they_are_applied():
    chain = Map(lambda x: x + 1) | Filter(lambda x: x % 2) | "text" >> Map(str)
    assert chain.default_label() == "Map(<lambda at test_chains.py:10>)|Filter(<lambda at test_chains.py:10>)|text"
    with TestPipeline() as p:
        assert_that(p | Create([1, 2, 3, 4]) | chain, equal_to(["3", "5"]))


def test_a_chain_may_begin_with_an_input():
    with TestPipeline() as p:
        assert_that(p | (Create([1]) | Map(str)), equal_to(["1"]))


def test_a_chain_with_a_label_is_one_part_of_a_longer_chain():
    chain = "first" >> (Map(str) | Map(int)) | Map(str)
    assert chain.default_label() == "first|Map(str)"
    with TestPipeline() as p:
        assert_that(p | Create([1]) | chain, equal_to(["1"]))
        assert {"first|Map(str)/first/Map(int)", "first|Map(str)/Map(str)"} <= p.applied_labels


def test_only_transforms_can_be_chained():
    with pytest.raises(TypeError):
        _ = Map(str) | 5  # type: ignore[operator]
