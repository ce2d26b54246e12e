"""ParDo over the columns of a bundle: a DoFn with its life cycle."""

from __future__ import annotations

from collections.abc import Callable

from streamcore.engine.core.elementwise import FlatMapNode
from streamcore.engine.core.node import Scheduler
from streamcore.errors import PipelineError, UserCodeError
from streamcore.model.bundle import Bundle
from streamcore.model.window import GlobalWindow
from streamcore.model.windowed_value import TaggedOutput, TimestampedValue, WindowedValue
from streamcore.model.windowing import WindowFn
from streamcore.timestamp import MIN_MICROS
from streamcore.transforms.dofn import CallPlan, DoFn


class DoFnNode(FlatMapNode):
    """Runs a DoFn; a bundle of the engine is a bundle of the DoFn."""

    def __init__(
        self,
        label: str,
        scheduler: Scheduler,
        plan: CallPlan,
        windowfn: WindowFn,
        ignore_unknown_tags: bool,
        dofn: DoFn,
    ) -> None:
        super().__init__(label, scheduler, plan, windowfn, ignore_unknown_tags)
        self._dofn = dofn

    def open(self) -> None:
        """Sets the DoFn up."""
        try:
            self._dofn.setup()
        except Exception as error:
            raise self.life_cycle_failure(self._dofn, "setup", error) from error

    def close(self) -> None:
        """Tears the DoFn down."""
        try:
            self._dofn.teardown()
        except Exception as error:
            raise self.life_cycle_failure(self._dofn, "teardown", error) from error

    def push(self, bundle: Bundle) -> None:
        """Processes a bundle, between `start_bundle` and `finish_bundle`."""
        self._start_bundle()
        super().push(bundle)
        try:
            outputs = self._dofn.finish_bundle()
            last = [] if outputs is None else list(outputs)
        except Exception as error:
            raise self.life_cycle_failure(self._dofn, "finish_bundle", error) from error
        self._emit_last(bundle, last)

    def _start_bundle(self) -> None:
        start: Callable[[], object] = self._dofn.start_bundle
        try:
            if start() is not None:
                msg = "it may put nothing out, as no element gives that a timestamp; let process or finish_bundle do it"
                raise PipelineError(msg)
        except Exception as error:
            raise self.life_cycle_failure(self._dofn, "start_bundle", error) from error

    def _emit_last(self, bundle: Bundle, outputs: list[object]) -> None:
        """Emits what `finish_bundle` returned; there is no element whose timestamp and windows it could take."""
        for output in outputs:
            if not _has_windows(output):
                msg = (
                    "finish_bundle may only put out WindowedValue(value, timestamp, windows), "
                    "as no element gives it a timestamp"
                )
                raise UserCodeError(self.label, output, None, PipelineError(msg))
        if outputs:
            # In one window, so that each is put out once; the output's own take its place.
            self.emit_wrapped(Bundle(outputs, MIN_MICROS, (GlobalWindow(),), split=bundle.split))


def _has_windows(output: object) -> bool:
    """Whether an output tells its windows, or the timestamp that they follow from."""
    if isinstance(output, TaggedOutput):
        output = output.value
    return isinstance(output, TimestampedValue | WindowedValue)
