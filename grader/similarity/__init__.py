"""Who in a cohort wrote alike: code, answers in words, and rare wrong results.

It accuses nobody.

An own module because what serves elsewhere (MOSS, JPlag, Dolos, copydetect) knows neither notebooks nor the hand-out's
stubs, weighs a line that everybody writes like one that two have, and has no results to compare.
"""
