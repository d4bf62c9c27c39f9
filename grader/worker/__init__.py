"""The only code that shares a process with student code.

One server (`server.py`) obeys a handful of commands (`messages.py`) over one socket; every process of a submission is a
fork of it. It never holds an expected value, a hidden probe (but in the child that runs it) or a verdict.
"""
