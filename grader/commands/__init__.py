"""What the subcommands do; `grader.cli` reads their arguments and turns errors into exit codes.

Each module imports the heavy parts of the grader inside its functions: `grade --help` must not load NumPy.
"""
