"""ParDo over the columns of a bundle: a DoFn with its life cycle."""

from __future__ import annotations

from streamcore.engine.core.elementwise import FlatMapNode
from streamcore.engine.core.node import Scheduler
from streamcore.engine.core.outputs import WRAPPERS
from streamcore.errors import PipelineError, UserCodeError
from streamcore.model.bundle import Bundle
from streamcore.model.windowing import WindowFn
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
        self._dofn.setup()

    def close(self) -> None:
        """Tears the DoFn down."""
        self._dofn.teardown()

    def push(self, bundle: Bundle) -> None:
        """Processes a bundle, between `start_bundle` and `finish_bundle`."""
        self._dofn.start_bundle()
        super().push(bundle)
        outputs = self._dofn.finish_bundle()
        if outputs is not None:
            self._emit_last(bundle, list(outputs))

    def _emit_last(self, bundle: Bundle, outputs: list[object]) -> None:
        """Emits what `finish_bundle` returned; there is no element whose timestamp and windows it could take."""
        for output in outputs:
            if type(output) not in WRAPPERS:
                msg = (
                    "finish_bundle may only put out WindowedValue(value, timestamp, windows), "
                    "as no element gives it a timestamp"
                )
                raise UserCodeError(self.label, output, None, PipelineError(msg))
        if outputs:
            self.emit_outputs(
                Bundle(outputs, bundle.timestamp_list()[-1], bundle.window_list()[-1], split=bundle.split)
            )
