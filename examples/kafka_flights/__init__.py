"""Flights through Kafka, exactly once, while the pipeline is killed again and again."""
