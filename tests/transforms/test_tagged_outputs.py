"""Tagged outputs."""

from __future__ import annotations

import pytest

from streamcore import Create, Map, Pipeline, TaggedOutput
from streamcore.errors import PipelineError


def test_a_tagged_output_that_nobody_named_is_refused() -> None:
    p = Pipeline()
    _ = p | Create([1]) | "odd" >> Map(lambda n: TaggedOutput("x", n))
    with pytest.raises(PipelineError, match="step 'odd' put out a value tagged 'x', an output it does not have"):
        p.run()
