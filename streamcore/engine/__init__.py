"""The embedded engine: a sans-IO core, and an asyncio shell around it."""
