"""Dead letters: what a source can make no element of, in an output of its own."""

from __future__ import annotations

from typing import Any, Final, Generic

from streamcore.errors import PipelineError
from streamcore.graph.ptransform import PTransform
from streamcore.graph.pvalue import PBegin, PCollection
from streamcore.graph.typevars import T, U
from streamcore.model.source import Source
from streamcore.model.watermark import WatermarkEstimator
from streamcore.model.windowed_value import TaggedOutput
from streamcore.transforms.elementwise import Map
from streamcore.transforms.read import Read

DEAD_LETTERS: Final = "dead_letters"


def set_aside(letter: U) -> TaggedOutput[str, U]:
    """What a source gives in place of an element that it could not make: it goes to the output of dead letters."""
    return TaggedOutput(DEAD_LETTERS, letter)


def refuse_estimator(watermark: WatermarkEstimator | None) -> None:
    """Lets `with_dead_letters()` be called only on a reader without an estimator, which would look at dead letters too.

    Raises:
        PipelineError: If there is one.
    """
    if watermark is not None:
        msg = (
            "`watermark` and with_dead_letters() do not go together; "
            "give the estimator to WithTimestamps(fn, watermark=...)"
        )
        raise PipelineError(msg)


class ReadWithDeadLetters(PTransform[PBegin, tuple[PCollection[T], PCollection[U]]], Generic[T, U]):
    """What `with_dead_letters()` of a reader makes: two outputs, the elements and the dead letters.

    Args:
        source: Gives elements, and what `set_aside` makes of dead letters.
        label: The label of the reader.
    """

    def __init__(self, source: Source[Any], label: str) -> None:
        super().__init__(label)
        self._source = source

    def expand(self, pvalue: PBegin) -> tuple[PCollection[T], PCollection[U]]:
        """The elements, and the dead letters."""
        mixed = pvalue | Read(self._source)
        outputs = mixed | "sort out" >> Map(_itself).with_outputs(DEAD_LETTERS, main="elements")
        return outputs["elements"], outputs[DEAD_LETTERS]


def _itself(element: Any) -> Any:
    return element
