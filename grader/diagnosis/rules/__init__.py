"""Rules that name a mistake from what was observed."""
