"""The reference solution run like a submission: golden values, self-tests of the checks, mutants."""
