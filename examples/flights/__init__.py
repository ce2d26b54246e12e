"""A year of flights out of New York, replayed: departures and mean delay per airport and hour, as they become known.

replay     the recorded flights as a source, with a clock that shows the time of the replay
pipeline   what is computed
board      what has come out so far, and the summary
display    the board in a terminal, or as plain lines
app        the program
"""
