"""Opens a submission and reads its source; executes nothing of it.

Trusted side: student files are text and bytes here. Running them is `grader.worker`.
"""
