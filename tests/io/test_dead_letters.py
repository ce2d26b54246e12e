"""What every source with dead letters has in common, shown by one that is a few lines."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from streamcore import Batch, BoundedOutOfOrderness, PBegin, PCollection, Pipeline, PTransform, Reader, Source
from streamcore.errors import PipelineError
from streamcore.io import ReadFromJsonLines, WriteToCallable
from streamcore.io.dead_letters import ReadWithDeadLetters, refuse_estimator, set_aside
from streamcore.io.kafka import ReadFromKafka


class Numbers(Source[Any]):
    """Two numbers and a word, which is none."""

    bounded = True

    def open(self, split: str, position: None) -> Reader[Any]:
        return NumbersReader()


class NumbersReader(Reader[Any]):
    has_read = False

    async def poll(self, limit: int) -> Batch[Any] | None:
        if self.has_read:
            return None
        self.has_read = True
        return Batch([1, set_aside("two"), 3])


def test_elements_and_dead_letters_have_outputs_of_their_own() -> None:
    found: list[Any] = []
    letters: list[Any] = []
    with Pipeline() as p:
        elements, dead = p | ReadWithDeadLetters[int, str](Numbers(), "numbers")
        _ = elements | "good" >> WriteToCallable(found.append)
        _ = dead | "dead" >> WriteToCallable(letters.append)
    assert (found, letters) == ([1, 3], ["two"])


# The state of steps is found by these.
@pytest.mark.parametrize(
    ("reader", "source"), [("ReadFromJsonLines", "LineSource"), ("ReadFromKafka(clicks)", "KafkaSource")]
)
def test_the_steps_of_readers_with_dead_letters(reader: str, source: str, tmp_path: Path) -> None:
    (tmp_path / "lines").touch()
    readers: dict[str, Any] = {
        "LineSource": ReadFromJsonLines(tmp_path / "lines"),
        "KafkaSource": ReadFromKafka("clicks", "localhost:9092"),
    }
    transform: PTransform[PBegin, tuple[PCollection[Any], PCollection[Any]]] = readers[source].with_dead_letters()
    p = Pipeline()
    _ = p | transform
    assert p.applied_labels == {reader, f"{reader}/Read({source})", f"{reader}/sort out"}


def test_an_estimator_would_look_at_dead_letters_too() -> None:
    message = (
        "`watermark` and with_dead_letters() do not go together; give the estimator to "
        "WithTimestamps(fn, watermark=...)"
    )
    with pytest.raises(PipelineError, match=f"^{re.escape(message)}$"):
        refuse_estimator(BoundedOutOfOrderness(1))
    refuse_estimator(None)
