"""The aggregations that come with the library, under the names they have in Beam's `combiners` module."""

from __future__ import annotations

from streamcore.transforms.combiners.count import Count as Count, CountCombineFn as CountCombineFn
from streamcore.transforms.combiners.latest import Latest as Latest, LatestCombineFn as LatestCombineFn
from streamcore.transforms.combiners.mean import Mean as Mean, MeanCombineFn as MeanCombineFn
from streamcore.transforms.combiners.sample import Sample as Sample, SampleCombineFn as SampleCombineFn
from streamcore.transforms.combiners.to_dict import ToDict as ToDict, ToDictCombineFn as ToDictCombineFn
from streamcore.transforms.combiners.to_list import ToList as ToList, ToListCombineFn as ToListCombineFn
from streamcore.transforms.combiners.to_set import ToSet as ToSet, ToSetCombineFn as ToSetCombineFn
from streamcore.transforms.combiners.top import (
    Largest as Largest,
    Smallest as Smallest,
    Top as Top,
    TopCombineFn as TopCombineFn,
)
from streamcore.transforms.combiners.tuples import (
    SingleInputTupleCombineFn as SingleInputTupleCombineFn,
    TupleCombineFn as TupleCombineFn,
)
