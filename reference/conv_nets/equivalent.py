"""Small changes of the solution that no check need see, each with the reason."""

from grader.model import Equivalent

CONV, POOL, NORM, EVALUATION = "layers/conv.py", "layers/pool.py", "layers/norm.py", "evaluation.py"
ZEROS = "zeros stay zeros"
FROM_THE_END = "the same axis, counted from the end"


def zeros(file: str, code: str, value: str) -> list[Equivalent]:
    return [Equivalent(file=file, code=code, new=new, reason=ZEROS) for new in (f"-({value})", f"2 * ({value})")]


def from_the_end(file: str, code: str, axis: str) -> Equivalent:
    return Equivalent(file=file, code=code, new=axis, reason=FROM_THE_END)


EQUIVALENT = [
    from_the_end(CONV, "self.windows = windows_of(padded, self.weight.shape[2:], self.stride)", "-2"),
    from_the_end(CONV, "rows, columns = self.weight.shape[2:]", "-2"),
    from_the_end(CONV, "for y in range(d_out.shape[2]):", "-2"),
    from_the_end(CONV, "height, width = self.shape[2] - self.pad", "-2"),
    from_the_end(NORM, "axes = (0, 2, 3)", "-2"),
    from_the_end(POOL, ".transpose(0, 1, 2, 4, 3, 5)", "-3"),
    *zeros(CONV, "d_padded = np.zeros(self.shape)", "np.zeros(self.shape)"),
    *zeros(POOL, "d_x = np.zeros(self.shape)", "np.zeros(self.shape)"),
    *zeros(EVALUATION, "matrix = np.zeros(", "np.zeros((classes, classes), dtype=int)"),
    Equivalent(file=CONV, code="for y in range(d_out.", new="d_windows", reason="has as many rows"),
    Equivalent(file=CONV, code="for x in range(d_out.", new="d_windows", reason="has as many columns"),
    Equivalent(
        file=NORM,
        code="along = (d_normed * self.normed).mean",
        new="centred",
        reason="each channel of `self.normed` has mean 0, so that what is subtracted from `centred` adds nothing",
    ),
]
