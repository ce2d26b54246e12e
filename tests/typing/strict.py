"""Lambdas whose parameters pyright knows in strict mode, too. Checked by mypy and pyright, never run."""

# pyright: strict

from typing import Any, assert_type

import streamcore as sc


def lambdas(pairs: sc.PCollection[tuple[str, int]], triples: sc.PCollection[tuple[str, int, float]]) -> None:
    assert_type(pairs | sc.Map(lambda pair: pair[0]), sc.PCollection[Any])
    assert_type(pairs | sc.MapTuple(lambda name, n: n), sc.PCollection[Any])
    assert_type(pairs | "labelled" >> sc.MapTuple(lambda name, n: n), sc.PCollection[Any])
    assert_type(triples | sc.MapTuple(lambda name, n, x: n), sc.PCollection[Any])
    assert_type(pairs | sc.FlatMapTuple(lambda name, n: [str(name)]), sc.PCollection[str])
    assert_type(triples | sc.FlatMapTuple(lambda name, n, x: [str(name)]), sc.PCollection[str])
    assert_type(pairs | sc.Partition(lambda pair, n: 0, 2), tuple[sc.PCollection[tuple[str, int]], ...])
