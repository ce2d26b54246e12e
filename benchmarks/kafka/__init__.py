"""The jobs j1 and j4 from topic to topic: on the raw client, on streamcore, and on other engines."""
