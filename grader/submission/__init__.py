"""From a path that somebody gives to a `grader.model.Submission`, and reading what its notebook defines.

Trusted side: everything here looks at student files as text and bytes and executes none of them. Running them is
`grader.worker`; what an assignment holds is `grader.assignment`.

    names        file names as student input: fit to print, worth keeping, nearest in a folder
    notebook     a notebook file of any format to `Notebook` (`legacy`, `language`, `sections` help)
    archive      zip and tar to a folder, within limits
    handin       the files of a hand-in, wherever they lie
    mapping      which handed-in file is which file of the assignment
    in_notebook  modules that a notebook writes for itself, and classes that stand in it
    provided     the course's own files in the place of the student's versions
    opening      lay them over the pristine files: `Submission`
    magics       notebook syntax to plain Python
    definitions  what a cell or a module defines
    sources      where a declared name lives: notebook cells and modules, star-imports followed
    anchors      after which cell each check is probed
    stubs        which definitions still equal the hand-out's
    likeness     how much a hand-in looks like an assignment (`identify`, and choosing among notebooks)
    repeatable   which cells print the same at every run, for `trust`: what the stored notebook claims
    answers      what was handed in for a part that a person marks
"""
