"""Makes the hand-out: solution regions become stubs, and nothing secret goes along."""
