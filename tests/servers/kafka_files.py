"""Apache Kafka's jars, fetched from Maven Central once and kept in a cache folder of the user."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

VERSION = "4.3.1"
LOG4J_VERSION = "2.25.4"  # what this Kafka's own log4j-core is
CACHE = Path(os.environ.get("STREAMCORE_KAFKA_CACHE", "~/.cache/streamcore-kafka")).expanduser()
HOME = CACHE / f"kafka-{VERSION}"
JARS = HOME / "lib"
CLASS_ARCHIVE = HOME / "kafka.jsa"
LOG_SETTINGS = HOME / "log4j2.properties"
COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"

POM = f"""<project xmlns="http://maven.apache.org/POM/4.0.0">
<modelVersion>4.0.0</modelVersion>
<groupId>local</groupId><artifactId>kafka</artifactId><version>1</version><packaging>pom</packaging>
<dependencies>
<dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>{VERSION}</version></dependency>
<dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId>
<version>{LOG4J_VERSION}</version></dependency>
</dependencies>
</project>
"""
LOGGING = """status=error
appender.file.type=File
appender.file.name=file
appender.file.fileName=${sys:kafka.log}
appender.file.layout.type=PatternLayout
appender.file.layout.pattern=%d %p %m (%c{1})%n
rootLogger.level=INFO
rootLogger.appenderRef.file.ref=file
"""


class NoServerError(Exception):
    """A server cannot be had on this machine."""


def find_java() -> str:
    """The `java` to run, 17 or newer."""
    home = os.environ.get("JAVA_HOME")
    java = shutil.which(str(Path(home, "bin", "java")) if home else "java")
    if java is None:
        raise NoServerError("there is no Java")
    told = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    version = told.partition('version "')[2].partition(".")[0]
    if not version.isdigit() or int(version) < 17:
        raise NoServerError(f"Apache Kafka {VERSION} needs Java 17, and {java} is {version or 'unknown'}")
    return java


def install() -> None:
    """Fetches the jars if they are not there yet: some 45 MB and 20 seconds."""
    if HOME.exists():
        return
    maven = shutil.which("mvn")
    if maven is None:
        raise NoServerError("there is no Maven (mvn) to fetch Apache Kafka with")
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        pom, home = Path(folder, "pom.xml"), Path(folder, "home")
        home.mkdir()
        pom.write_text(POM)
        (home / LOG_SETTINGS.name).write_text(LOGGING)
        options = ["-DincludeScope=runtime", f"-DoutputDirectory={home / JARS.name}"]
        done = subprocess.run(
            [maven, "-B", "-q", "-f", pom, COPY, *options], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise NoServerError(f"Maven could not fetch Apache Kafka: {done.stdout[-2000:]}")
        if not HOME.exists():  # another run may have been faster
            home.rename(HOME)
