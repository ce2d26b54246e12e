"""The pipeline as a graph: what the user builds, and what a runner gets to see."""
