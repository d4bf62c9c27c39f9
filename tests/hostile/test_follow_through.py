"""A part that is not written earns nothing, whatever it looks for in a process with the reference's earlier one.

Each attack is the body of `step`, which builds on `linear_gradients`; that one is wrong and replaced by the course's.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.engine import grade
from tests.execution.test_private import course, handed_in, shown

__all__ = ("course",)

RUN = """
def run(text):
    space = {"np": np, "linear_gradients": linear_gradients}
    exec("def step" + text.split("def step")[1].split("# %%")[0], space)
    return space["step"](d_out, x, w)
"""
ATTACKS = {
    "the module": "return sys.modules['__reference__'].step(d_out, x, w)",
    "its neighbours": "return linear_gradients.__globals__['step'](d_out, x, w)",
    "functions": "return [f for f in gc.get_objects() if getattr(f, '__name__', '') == 'step' and f is not step]"
    "[0](d_out, x, w)",
    "methods of the worker's state": "return vars(sys.modules['grader.worker.replace'])['spaces']['step'](d_out, x, w)",
    "frames": "frame = sys._getframe()\nwhile frame:\n    for held in list(frame.f_locals.values()):\n"
    "        for part in held if isinstance(held, list | tuple) else [held]:\n"
    "            if 'after one step' in str(getattr(part, 'replacements', part)):\n"
    "                return run(str(part))\n"
    "    frame = frame.f_back",
    "texts": "for held in gc.get_objects():\n    for part in held.values() if type(held) is dict else held "
    "if type(held) in (list, tuple) else ():\n        if type(part) is str and 'w after' + ' one' in part:\n"
    "            return run(part)",
    "messages": "for held in gc.get_objects():\n    if type(held).__name__ in ('Replacement', 'RunCheck') and "
    "'w after' in repr(held):\n        return run(held.source)",
    "bytes": "memory, word = open('/proc/self/mem', 'rb', 0), b'w after' + b' one step'\n"
    "for line in open('/proc/self/maps'):\n    if ' rw-' in line:\n"
    "        begin, end = (int(n, 16) for n in line.split()[0].split('-'))\n        memory.seek(begin)\n"
    "        text = memory.read(end - begin)\n        if word in text:\n"
    "            at = text.index(word)\n            return run(text[at - 60 : at + 200].decode(errors='ignore'))",
    "the file": "import linecache\nreturn run(''.join(linecache.getlines(linear_gradients.__code__.co_filename)))",
    "nothing": "return w",
}


@pytest.mark.slow
@pytest.mark.hostile
@pytest.mark.parametrize("name", ATTACKS)
def test_it_earns_nothing(course: Path, tmp_path: Path, name: str) -> None:
    body = f"import gc, sys\n{RUN}\n{ATTACKS[name]}\nreturn w".replace("\n", "\n    ")
    path = handed_in(tmp_path, "    return message, buffers", step=body)
    report = grade(path, "target", seed=3, course=course, keep=True)
    assert report.status == "graded"
    step = report.parts[2]
    assert (step.score, step.follow_through) == (0, 0)  # it was tried
    assert "after one step" not in shown(report).replace("'after one step'", "")
