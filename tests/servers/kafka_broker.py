"""A real Apache Kafka broker of one node (KRaft) on the loopback interface."""

from __future__ import annotations

import base64
import shutil
import subprocess
import tempfile
import uuid
from pathlib import Path

from tests.servers import kafka_files
from tests.servers.broker import GUEST, GUEST_PASSWORD, PASSWORD, USER, is_ready, wait_until
from tests.servers.certificate import make_certificate
from tests.servers.kafka_files import CLASS_ARCHIVE, JARS, LOG_SETTINGS, VERSION, NoServerError
from tests.servers.ports import HOST, free_port
from tests.servers.process import ServerProcess

SECURITY = "org.apache.kafka.common.security"
JVM = ["-Xms64m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.net.preferIPv4Stack=true"]


class KafkaBroker:
    """Apache Kafka; implements `Broker`."""

    is_real = True
    name = f"Apache Kafka {VERSION}"

    def __init__(self) -> None:
        self._java = kafka_files.find_java()
        kafka_files.install()
        self._folder = Path(tempfile.mkdtemp(prefix="streamcore-kafka-"))
        self._ports = {listener: free_port() for listener in ("PLAINTEXT", "SASL", "SSL", "CONTROLLER")}
        self.bootstrap = f"{HOST}:{self._ports['PLAINTEXT']}"
        self.sasl = f"{HOST}:{self._ports['SASL']}"
        self.tls = f"{HOST}:{self._ports['SSL']}"
        server_file, ca_file = make_certificate(self._folder)
        self.ca_file = str(ca_file)
        self._process: ServerProcess | None = None
        self._settings = self._folder / "server.properties"
        self._settings.write_text("".join(f"{k}={v}\n" for k, v in self._properties(server_file).items()))
        self._format()

    def start(self) -> None:
        """Starts it and waits until it answers."""
        if self._process is not None and self._process.is_running():
            return
        process = self._process = ServerProcess(self._command("kafka.Kafka", self._settings), self._folder)

        def answers() -> bool:
            if not process.is_running():
                raise NoServerError(f"Apache Kafka has ended: {process.last_words()}")
            return is_ready(self.bootstrap)

        wait_until(answers, "the start of Apache Kafka")

    def kill(self) -> None:
        """`kill -9`."""
        if self._process is not None:
            self._process.kill()

    def pause(self) -> None:
        """SIGSTOP."""
        if self._process is not None:
            self._process.pause()

    def resume(self) -> None:
        """SIGCONT."""
        if self._process is not None:
            self._process.resume()

    def stop(self) -> None:
        """Ends it, and keeps the archive of its classes that makes later starts quick."""
        if self._process is not None:
            self._process.stop()
        made = self._folder / CLASS_ARCHIVE.name
        if made.exists() and not CLASS_ARCHIVE.exists():
            shutil.move(made, CLASS_ARCHIVE)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _command(self, main: str, *arguments: str | Path) -> list[str]:
        if CLASS_ARCHIVE.exists():
            archive = [f"-XX:SharedArchiveFile={CLASS_ARCHIVE}", "-Xlog:disable", "-Xlog:all=error:stderr"]
        elif main == "kafka.Kafka":
            archive = [f"-XX:ArchiveClassesAtExit={self._folder / CLASS_ARCHIVE.name}"]
        else:
            archive = []
        logs = [f"-Dlog4j2.configurationFile={LOG_SETTINGS}", f"-Dkafka.log={self._folder / 'server.log'}"]
        # The order of the class path is part of the archive.
        jars = ":".join(sorted(map(str, JARS.glob("*.jar"))))
        return [self._java, *JVM, *archive, *logs, "-cp", jars, main, *map(str, arguments)]

    def _format(self) -> None:
        cluster = "c" + base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")[1:]
        users = [f"SCRAM-SHA-{size}=[name={USER},password={PASSWORD}]" for size in (256, 512)]
        scram = [word for user in users for word in ("--add-scram", user)]
        command = self._command("kafka.tools.StorageTool", "format", "-t", cluster, "-c", self._settings, *scram)
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise NoServerError(f"Apache Kafka could not format its folder: {done.stdout[-1500:]}{done.stderr[-500:]}")

    def _properties(self, server_file: Path) -> dict[str, object]:
        ports = self._ports
        clients = ",".join(f"{name}://{HOST}:{port}" for name, port in ports.items() if name != "CONTROLLER")
        single = ["default", "offsets.topic", "transaction.state.log", "share.coordinator.state.topic"]
        return {
            "process.roles": "broker,controller",
            "node.id": 1,
            "controller.quorum.voters": f"1@{HOST}:{ports['CONTROLLER']}",
            "controller.listener.names": "CONTROLLER",
            "listeners": f"{clients},CONTROLLER://{HOST}:{ports['CONTROLLER']}",
            "advertised.listeners": clients,
            "inter.broker.listener.name": "PLAINTEXT",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL:SASL_PLAINTEXT,SSL:SSL",
            "log.dirs": self._folder / "data",
            # One node cannot have three copies; few partitions of inner topics make first uses quick.
            **{f"{topic}.replication.factor": 1 for topic in single},
            **{f"{topic}.num.partitions": 2 for topic in single[1:]},
            "transaction.state.log.min.isr": 1,
            "share.coordinator.state.topic.min.isr": 1,
            "group.initial.rebalance.delay.ms": 0,
            "auto.create.topics.enable": "false",
            # A killed broker comes back only when its old session has ended.
            "broker.session.timeout.ms": 1000,
            "broker.heartbeat.interval.ms": 200,
            # Timestamps of test data are old, or far in the future.
            "log.retention.ms": -1,
            "log.message.timestamp.after.max.ms": 2**63 - 1,
            "message.max.bytes": 20_000_000,
            **self._security(server_file),
        }

    def _security(self, server_file: Path) -> dict[str, object]:
        scram = f"{SECURITY}.scram.ScramLoginModule required;"
        return {
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": f"User:ANONYMOUS;User:{USER}",
            "listener.name.sasl.sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER",
            "listener.name.sasl.plain.sasl.jaas.config": (
                f'{SECURITY}.plain.PlainLoginModule required user_{USER}="{PASSWORD}" user_{GUEST}="{GUEST_PASSWORD}";'
            ),
            "listener.name.sasl.scram-sha-256.sasl.jaas.config": scram,
            "listener.name.sasl.scram-sha-512.sasl.jaas.config": scram,
            "listener.name.sasl.oauthbearer.sasl.jaas.config": (
                f'{SECURITY}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="{USER}";'
            ),
            "listener.name.ssl.ssl.keystore.type": "PEM",
            "listener.name.ssl.ssl.keystore.location": server_file,
            "listener.name.ssl.ssl.client.auth": "none",
        }
