"""The one broker of a test run: started when first asked for, ended with the run."""

from __future__ import annotations

import functools
import os

from tests.servers.broker import Broker, is_ready
from tests.servers.kafka_broker import KafkaBroker
from tests.servers.kafka_files import NoServerError
from tests.servers.noida_broker import NoidaBroker

ADDRESS = "STREAMCORE_KAFKA"


class GivenBroker:
    """A broker that runs already, at the address in `STREAMCORE_KAFKA`; implements `Broker`."""

    is_real = False
    sasl = tls = ca_file = None

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap
        self.name = f"the broker at {bootstrap}"

    def start(self) -> None:
        """Only looks whether it is there."""
        if not is_ready(self.bootstrap):
            raise NoServerError(f"no broker answers at {ADDRESS}={self.bootstrap}")

    def kill(self) -> None:
        """Not ours to end."""
        raise NotImplementedError

    def pause(self) -> None:
        """Not ours to hold."""
        raise NotImplementedError

    def resume(self) -> None:
        """Not ours to hold."""
        raise NotImplementedError

    def stop(self) -> None:
        """It goes on."""


class SharedBroker:
    """Which broker the tests of this run talk to.

    Attributes:
        why_not_real: Why it is not Apache Kafka; empty if it is.
    """

    def __init__(self) -> None:
        self.why_not_real = ""
        self._broker: Broker | None = None

    def get(self) -> Broker:
        """The broker, which runs."""
        if self._broker is None:
            self._broker = self._choose()
        self._broker.start()
        return self._broker

    def describe(self) -> str:
        """What the tests have talked to; empty if to nothing."""
        return "" if self._broker is None else self._broker.name

    def stop(self) -> None:
        """Ends it, if it was started."""
        if self._broker is not None:
            self._broker.stop()

    def _choose(self) -> Broker:
        if given := os.environ.get(ADDRESS):
            self.why_not_real = f"{ADDRESS} is set"
            return GivenBroker(given)
        try:
            return KafkaBroker()
        except NoServerError as error:
            self.why_not_real = str(error)
            return NoidaBroker()


@functools.cache
def shared_broker() -> SharedBroker:
    """The one of this process."""
    return SharedBroker()
