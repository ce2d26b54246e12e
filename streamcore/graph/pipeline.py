"""The pipeline: where transforms are applied, checked and given their labels."""

from __future__ import annotations

import contextlib
import copy
import re
from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from streamcore.errors import PipelineError, describe, shorten
from streamcore.graph.applied import AppliedTransform, collections_in, outputs_of
from streamcore.graph.ptransform import Expands, PTransform
from streamcore.graph.pvalue import PBegin, PCollection
from streamcore.graph.runner import JobHandle, Runner, find_runner
from streamcore.model.options import PipelineOptions

if TYPE_CHECKING:
    from typing import Self

OutT = TypeVar("OutT")


class Pipeline:
    """A graph of transforms that is built first and run afterwards.

    Used as a context manager it runs when the block ends, and waits; inside a running event loop write
    `async with`. A block that raises runs nothing.

    Args:
        runner: A runner or its name; the embedded engine where none is given.
        options: Options, or the command line flags in Beam's spelling.
        argv: Command line flags, as an alternative to `options`.

    >>> with Pipeline() as p:
    ...     _ = p | Create([1, 2, 3]) | Map(lambda x: x * x) | Map(print)
    1
    4
    9
    """

    def __init__(
        self,
        runner: Runner | str | None = None,
        options: PipelineOptions | None = None,
        argv: list[str] | None = None,
    ) -> None:
        if options is not None and not isinstance(options, PipelineOptions):
            msg = (
                f"`options` must be PipelineOptions, got {shorten(options)}; "
                "write PipelineOptions(name=value), or PipelineOptions(['--name=value'])"
            )
            raise PipelineError(msg)
        self.options = options if options is not None else PipelineOptions(argv)
        self.runner = find_runner(self.options.runner if runner is None else runner)
        self.roots: list[AppliedTransform] = []
        self._labels: set[str] = set()
        self._scopes: list[AppliedTransform] = []
        self._handle: JobHandle | None = None

    @property
    def result(self) -> JobHandle:
        """The handle of the run that a `with` block ended with, also if that has failed."""
        if self._handle is None:
            msg = "the pipeline has not run yet; its result exists after the `with` block, or after run()"
            raise PipelineError(msg)
        return self._handle

    @property
    def applied_labels(self) -> frozenset[str]:
        """The full labels of the steps so far."""
        return frozenset(self._labels)

    def apply(self, transform: Expands[Any, OutT], pvalue: Any = None, label: str | None = None) -> OutT:
        """Applies a transform; `pvalue | transform` is the usual spelling.

        Raises:
            PipelineError: If the label is taken or the input does not belong to this pipeline.
        """
        if not isinstance(transform, PTransform):
            msg = f"expected a transform after `|`, got {describe(transform)}{_hint(transform)}"
            raise PipelineError(msg)
        pvalue = PBegin(self) if pvalue is None or pvalue is self else pvalue
        self._check_inputs(transform, pvalue)
        full_label = self._full_label(label or transform.default_label(), transform)
        applied = AppliedTransform(full_label, transform, tuple(collections_in(pvalue)))
        with self._scope(applied):
            result: OutT = transform.expand(pvalue)
        for pcoll in collections_in(result):
            if pcoll.producer is None:
                applied.adopt(pcoll)
        for tag, pcoll in outputs_of(result).items():
            pcoll.element_type = transform.type_hints.output_of(tag, pcoll.element_type)
        return result

    def primitives(self) -> Iterator[AppliedTransform]:
        """The transforms that a runner has to carry out, inputs before outputs."""
        for root in self.roots:
            yield from root.primitives()

    def run(self) -> JobHandle:
        """Runs the pipeline to its end and returns its handle.

        Raises:
            PipelineError: If an event loop is running in this thread; `await run_async()` there.
            UserCodeError: If user code failed.
        """
        self._handle = self.runner.run(self)
        return self._handle

    def note_run(self, handle: JobHandle) -> None:
        """Makes a run the `result`; called by runners whose `run` raises what makes a run fail, before it begins."""
        self._handle = handle

    async def run_async(self) -> JobHandle:
        """Starts the pipeline in the running event loop, and returns its handle at once."""
        self._handle = await self.runner.run_async(self)
        return self._handle

    def __or__(self, transform: Expands[PBegin, OutT]) -> OutT:
        return self.apply(transform)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.run()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            handle = await self.run_async()
            try:
                await handle.wait()
            except BaseException:
                # Where the waiting was cancelled the run is still going on.
                await handle.cancel()
                raise

    def _check_inputs(self, transform: PTransform[Any, Any], pvalue: Any) -> None:
        for pcoll in collections_in(pvalue):
            if pcoll.pipeline is not self:
                msg = (
                    f"{transform.default_label()!r} reads {pcoll}, which belongs to another pipeline; "
                    "build all steps on the same Pipeline object"
                )
                raise PipelineError(msg)

    def _full_label(self, label: str, transform: PTransform[Any, Any]) -> str:
        full = f"{self._scopes[-1].full_label}/{label}" if self._scopes else label
        if full in self._labels:
            msg = (
                f"a step labelled {full!r} exists already; "
                f"give this one another label: 'another' >> {_call_of(transform)}"
            )
            raise PipelineError(msg)
        self._labels.add(full)
        return full

    @contextlib.contextmanager
    def _scope(self, applied: AppliedTransform) -> Iterator[None]:
        (self._scopes[-1].parts if self._scopes else self.roots).append(applied)
        self._scopes.append(applied)
        try:
            yield
        finally:
            self._scopes.pop()


def _call_of(transform: PTransform[Any, Any]) -> str:
    """How a transform is written, as in `Map(...)`: what its default label begins with, unless that is no name."""
    bare = copy.copy(transform)
    bare.label = None
    name = re.split("[(|]", bare.default_label())[0]
    return f"{name if name.replace('.', '').isidentifier() else type(transform).__name__}(...)"


def _hint(found: object) -> str:
    """What may have been meant by something that is not a transform."""
    if isinstance(found, type):
        return f"; write {found.__name__}(...)"
    if isinstance(found, str):
        return f"; a label is set with >>: {found!r} >> Map(...)"
    if isinstance(found, PCollection):
        return "; unite PCollections with (a, b) | Flatten()"
    return f"; write Map({getattr(found, '__name__', 'function')})" if callable(found) else ""


def require_pcollection(transform: PTransform[Any, Any], pvalue: Any) -> PCollection[Any]:
    """The input of a transform that takes one PCollection.

    Raises:
        PipelineError: If it is something else, with what to do.
    """
    if isinstance(pvalue, PCollection):
        return pvalue
    if isinstance(pvalue, PBegin):
        wrong, hint = "follows the pipeline itself", "start with Create(...) or another source"
    else:
        wrong, hint = f"got {type(pvalue).__name__}", "unite several with Flatten() before it"
    msg = f"{transform.default_label()!r} needs one PCollection but {wrong}; {hint}"
    raise PipelineError(msg)
