"""Names under which results are found again by the page."""
BROOD, BASE, PIPES, ALONE, CAT = "brood", "base", "bare Go pipes", "the program alone", "cat"
STARTS = ", starts"  # behind a name: the same with one record for each worker
PARALLEL = "GNU parallel --pipe cat"
WIDE = "brood, in 10 processes"
SPAWN, CAPTURE = "a loop in C", "a loop in C that keeps the output"
