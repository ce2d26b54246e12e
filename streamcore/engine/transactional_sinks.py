"""The sinks of a pipeline that write within the transactions of a cluster, and what they ask of it."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from typing import Any

from streamcore.engine.outlet import Outlet
from streamcore.errors import PipelineError
from streamcore.model.transactions import TransactionalSink
from streamcore.timestamp import MICROS_PER_SECOND


def transactional_sinks(outlets: Iterable[Outlet], interval: int | None) -> list[TransactionalSink[Any]]:
    """The transactional ones among the sinks of a pipeline.

    Args:
        outlets: All sinks.
        interval: Microseconds from one checkpoint to the next; None: only on request.

    Raises:
        PipelineError: If they write to more than one cluster or in different ways, or transactions expire before the
            next checkpoint.
    """
    sinks = {outlet.label: outlet.sink for outlet in outlets if isinstance(outlet.sink, TransactionalSink)}
    _require_one_cluster(sinks)
    _require_same_properties(sinks)
    if interval is not None:
        _require_short_interval(sinks, interval)
    return list(sinks.values())


def _require_one_cluster(sinks: dict[str, TransactionalSink[Any]]) -> None:
    clusters: dict[str, str] = {}
    for label, sink in sinks.items():
        clusters.setdefault(sink.cluster, label)
    if len(clusters) > 1:
        told = " and ".join(f"{label!r} to {cluster}" for cluster, label in clusters.items())
        msg = (
            f"a pipeline can write to one cluster exactly once, got two: {told}; "
            "split it in two pipelines, or let one of the sinks write at least once"
        )
        raise PipelineError(msg)


def _require_same_properties(sinks: dict[str, TransactionalSink[Any]]) -> None:
    for (first, one), (second, other) in itertools.pairwise(sinks.items()):
        mine, others = one.properties, other.properties
        names = [name for name in sorted({*mine, *others}) if _of(mine, name) != _of(others, name)]
        if names:
            msg = (
                f"{first!r} and {second!r} write exactly once in the same transactions, and so by the same client, but "
                f"they do not agree on its properties: {', '.join(names)}; give both the same "
                "(Kafka: `producer_config`)"
            )
            raise PipelineError(msg)


def _of(properties: Mapping[str, object], name: str) -> tuple[object, ...]:
    return (properties[name],) if name in properties else ()


def _require_short_interval(sinks: dict[str, TransactionalSink[Any]], interval: int) -> None:
    for label, sink in sinks.items():
        longest = sink.transaction_timeout
        if interval >= longest:
            msg = (
                "`checkpoint_interval` must be shorter than a transaction may last, "
                f"got {_seconds(interval)} and the {_seconds(longest)} of {label!r}: the cluster would abort it before "
                "it is committed; take checkpoints more often, or let transactions last longer "
                "(Kafka: transaction.timeout.ms in `producer_config`)"
            )
            raise PipelineError(msg)


def _seconds(micros: int) -> str:
    return f"{micros / MICROS_PER_SECOND:g} s"
