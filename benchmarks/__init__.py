"""The benchmark jobs: their input, the hand-written loops, and the comparison of results."""
