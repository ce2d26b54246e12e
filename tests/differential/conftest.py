"""Beam is not installed beside streamcore, so its worker cannot be imported here."""

collect_ignore = ["beam_worker.py"]
