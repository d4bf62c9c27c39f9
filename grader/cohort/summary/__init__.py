"""The summary of a batch: statistics, text, page."""
