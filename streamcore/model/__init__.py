"""Pure data and contracts: what travels through a pipeline, and what can be plugged into it."""
