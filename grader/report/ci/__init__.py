"""Reports for continuous integration: JUnit, GitHub, Markdown."""
