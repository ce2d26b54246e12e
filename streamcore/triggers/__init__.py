"""Triggers: one a file."""

from __future__ import annotations

from streamcore.triggers.after_all import AfterAll as AfterAll
from streamcore.triggers.after_any import AfterAny as AfterAny
from streamcore.triggers.after_count import AfterCount as AfterCount
from streamcore.triggers.after_each import AfterEach as AfterEach
from streamcore.triggers.after_processing_time import AfterProcessingTime as AfterProcessingTime
from streamcore.triggers.after_watermark import AfterWatermark as AfterWatermark
from streamcore.triggers.always import Always as Always
from streamcore.triggers.default import DefaultTrigger as DefaultTrigger
from streamcore.triggers.never import Never as Never
from streamcore.triggers.or_finally import OrFinally as OrFinally
from streamcore.triggers.repeatedly import Repeatedly as Repeatedly
