from __future__ import annotations

import pytest

from streamcore.model.metrics import MetricResults, StepMetrics


def test_a_step_that_is_not_there_is_told_with_those_that_are_the_closest_first() -> None:
    results = MetricResults({"Read": StepMetrics(), "Write": StepMetrics(), "Total": StepMetrics(elements=3)})
    with pytest.raises(KeyError) as error:
        results["Tot"]
    assert error.value.args == ("no step is called 'Tot'; there are 'Total', 'Write', 'Read'",)
    assert "Tot" not in results
    assert 5 not in results
    assert results.get("Tot") is None
    assert results["Total"].elements == 3


def test_of_many_steps_only_the_closest_are_told() -> None:
    results = MetricResults({f"step {number}": StepMetrics() for number in range(30)})
    with pytest.raises(KeyError) as error:
        results["step no. 17"]
    assert str(error.value).startswith("\"no step is called 'step no. 17'; there are 'step 17', ")
    assert str(error.value).endswith(' and 20 more"')
