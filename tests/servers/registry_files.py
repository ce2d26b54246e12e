"""Apicurio, a schema registry, fetched from Maven Central once and kept in a cache folder of the user."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.servers.kafka_files import NoServerError

VERSION = "2.6.13.Final"
ARTIFACT = f"io.apicurio:apicurio-registry-app:{VERSION}:tar.gz:all"
UNPACK = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:unpack"
CACHE = Path(os.environ.get("STREAMCORE_REGISTRY_CACHE", "~/.cache/streamcore-registry")).expanduser()
HOME = CACHE / f"apicurio-{VERSION}"
JAR = HOME / f"apicurio-registry-app-{VERSION}-runner.jar"


def install() -> None:
    """Fetches it if it is not there yet: 142 MB and some 10 seconds."""
    if HOME.exists():
        return
    maven = shutil.which("mvn")
    if maven is None:
        raise NoServerError("there is no Maven (mvn) to fetch the schema registry with")
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        home = Path(folder, "home")
        command = [maven, "-B", "-q", UNPACK, f"-Dartifact={ARTIFACT}", f"-DoutputDirectory={home}"]
        # Outside of any project, or Maven would read its file.
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode:
            raise NoServerError(f"Maven could not fetch the schema registry: {done.stdout[-2000:]}")
        if not HOME.exists():  # another run may have been faster
            home.rename(HOME)
