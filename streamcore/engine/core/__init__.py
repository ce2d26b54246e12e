"""The engine's core: every object is driven by plain calls, and knows no clock, no event loop and no randomness."""
