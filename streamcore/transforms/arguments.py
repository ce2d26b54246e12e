"""Further arguments for user code: `Map(fn, *args, **kwargs)`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from streamcore.errors import PipelineError
from streamcore.graph.pvalue import PCollection, TaggedOutputs
from streamcore.transforms.dofn import ElementParameter


def check_arguments(step: str, arguments: Iterable[Any]) -> None:
    """Refuses arguments that user code would get as they are, and not what they stand for.

    Args:
        step: What the arguments were given to.
        arguments: All of them.

    Raises:
        PipelineError: With what to do.
    """
    for argument in arguments:
        if isinstance(argument, PCollection | TaggedOutputs):
            msg = (
                f"{step} got {argument} as a further argument, of which its function would not see the elements, as "
                "there are no side inputs yet; give the elements themselves where they are known, or unite both sides "
                "by key: {'a': a, 'b': b} | CoGroupByKey()"
            )
            raise PipelineError(msg)
        if isinstance(argument, ElementParameter):
            msg = (
                f"{step} got {argument!r} as a further argument; make it the default of a parameter of the function: "
                f"def function(element, parameter={argument!r})"
            )
            raise PipelineError(msg)
