"""j1 on other engines. Each program here runs in an environment of its own, and knows nothing of streamcore."""
