"""Programs that show streamcore at work; each runs as it is."""
