"""The loop that runs for every element of an aggregation in cells."""

from __future__ import annotations

from collections.abc import Callable

from streamcore.engine.core.cells import Cell
from streamcore.engine.core.kernels import compile_loop, first, update
from streamcore.model.trigger import TriggerState
from streamcore.model.windowing import TimestampCombiner
from streamcore.transforms.combine_fn import Kernel


def compile_add(kernel: Kernel, combiner: TimestampCombiner, initial: TriggerState) -> Callable[..., None]:
    """The loop that adds pairs of key and value, and calls `place` for those that the trigger has to hear of."""
    in_order = {
        TimestampCombiner.OUTPUT_AT_EOW: "True",
        TimestampCombiner.OUTPUT_AT_EARLIEST: "cell.stamp is not None and cell.stamp <= t",
        TimestampCombiner.OUTPUT_AT_LATEST: "cell.stamp is not None and cell.stamp >= t",
        TimestampCombiner.OUTPUT_AT_EARLIEST_TRANSFORMED: "False",
    }[combiner]
    source = f"""
    def add_pairs(pairs, stamps, find, place):
        begin = end = 0
        for (k, v), t in zip(pairs, stamps):
            if not begin <= t < end:
                found = find(t, (k, v))
                if found is None:
                    begin = end = 0
                    continue
                panel, begin, end = found
                cells = panel.cells
                get = cells.get
                virgin = panel.virgin
            cell = get(k)
            if cell is None:
                if virgin:
                    cells[k] = Cell({first(kernel)}, virgin - 1, virgin, initial)
                else:
                    place(panel, k, v, t)
            elif cell.quiet and {in_order}:
                a = cell.acc
                {update(kernel, "cell.acc")}
                cell.quiet -= 1
            else:
                place(panel, k, v, t)
    """
    return compile_loop(source, "add_pairs", kernel, Cell=Cell, initial=initial)
