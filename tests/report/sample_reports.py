"""Reports made by hand for the tests of the renderers: one per situation that a student can be in."""

from __future__ import annotations

from fractions import Fraction

from grader.model import (
    Answer,
    CellRun,
    Check,
    Comparison,
    Diagnosis,
    Environment,
    Frame,
    Manual,
    Outcome,
    Part,
    PartResult,
    Report,
    Status,
    StudentError,
)

AFFINE = Part("1", "Affine layer")
RELU = Part("2", "ReLU layer")
NETWORK = Part("4", "A network of two layers, from scores to gradients")
CURVE = Part("5b", "Loss curve")
ESSAY = Part("5c", "Why does a small step size learn slowly?")


def outcome(
    id: str,
    part: Part,
    title: str,
    status: Status = "passed",
    score: Fraction | int = 0,
    worth: Fraction | int = 1,
    message: str = "",
    hidden: bool = False,
    arrays: tuple[Comparison, ...] = (),
    diagnosis: Diagnosis | None = None,
) -> Outcome:
    check = Check(id=id, part=part, title=title, points=Fraction(worth), visibility="hidden" if hidden else "public")
    return Outcome(
        check=check,
        status=status,
        score=Fraction(score),
        message=message,
        arrays=arrays,
        diagnosis=diagnosis,
        seconds=0.0123456789,
    )


def auto(
    part: Part,
    status: Status,
    *outcomes: Outcome,
    score: Fraction | int | None = None,
    follow_through: Fraction | int | None = None,
    credited_with: tuple[str, ...] = (),
) -> PartResult:
    earned = sum((o.score for o in outcomes), Fraction(0))
    return PartResult(
        part=part,
        status=status,
        score=earned if score is None else Fraction(score),
        max_score=sum((o.check.points for o in outcomes), Fraction(0)),
        outcomes=outcomes,
        follow_through=None if follow_through is None else Fraction(follow_through),
        credited_with=credited_with,
    )


def manual(part: Part, worth: int, question: str, answer: Answer | None) -> PartResult:
    declared = Manual(part=part, points=Fraction(worth), kind="plot", question=question, under="Training")
    return PartResult(
        part=part, status="pending", score=Fraction(0), max_score=Fraction(worth), manual=declared, answer=answer
    )


def report(*parts: PartResult, cells: tuple[CellRun, ...] = (), notes: tuple[str, ...] = ()) -> Report:
    return Report(
        assignment="toy",
        title="Exercise 9: A small network",
        path="hand-ins/exercise_09.ipynb",
        digest="sha256:" + "0" * 64,
        status="graded",
        parts=parts,
        cells=cells,
        notes=notes,
        seed=90,
        environment=Environment(
            python="3.11.7",
            numpy="2.4.0",
            scipy="1.16.0",
            grader="0.1.0",
            sandbox=("limits", "landlock", "seccomp"),
            sandbox_tier="C",
        ),
        seconds={"total": 1.25, "start": 0.5},
    )


def all_passed() -> Report:
    return report(
        auto(AFFINE, "passed", outcome("affine_forward", AFFINE, "Scores", score=2, worth=2)),
        auto(RELU, "passed", outcome("relu_forward", RELU, "Positive part", score=1)),
    )


def stub() -> Report:
    text = "Affine.forward: not implemented yet"
    raised = StudentError(
        type="NotImplementedError", message=text, frames=(Frame("cell 4", 3, "raise NotImplementedError(...)"),)
    )
    return report(
        auto(
            AFFINE,
            "missing",
            outcome("affine_forward", AFFINE, "Scores", "missing", worth=2, message=text),
            outcome("affine_backward", AFFINE, "Gradients", "missing", worth=3, message=text),
        ),
        auto(RELU, "missing", outcome("relu", RELU, "Positive part", "missing", message="relu: not implemented yet")),
        manual(CURVE, 10, "Plot the loss over the epochs.", Answer(state="untouched", cell=9)),
        manual(ESSAY, 10, "Explain in two sentences.", Answer(state="not found")),
        cells=(
            CellRun(index=4, status="error", error=raised),
            CellRun(index=6, status="error", error=raised),
            CellRun(index=7, status="ok"),
        ),
    )


def mixed() -> Report:
    shapes = StudentError(
        type="ValueError",
        message="operands could not be broadcast together with shapes (7,3) (5,)",
        frames=(Frame("cell 4", 12, "net.train(x, y)"), Frame("layers/linear.py", 31, "out = x @ self.W + self.b")),
    )
    name = StudentError(
        type="NameError", message="name 'losses' is not defined", frames=(Frame("cell 9", 2, "plt.plot(losses)"),)
    )
    return report(
        auto(
            AFFINE,
            "partial",
            outcome("affine_forward", AFFINE, "Scores of a batch", score=2, worth=2),
            outcome(
                "affine_backward",
                AFFINE,
                "Gradients with respect to the inputs, the weight and the bias",
                "partial",
                Fraction(2, 3) * 3,
                3,
                "1 of 3 arrays is wrong.",
                arrays=(
                    Comparison(
                        name="d_inputs",
                        status="passed",
                        shape=(7, 5),
                        dtype="float64",
                        error=3.1e-16,
                        tolerance=1e-6,
                        earned=Fraction(1),
                    ),
                    Comparison(
                        name="d_weight",
                        status="passed",
                        shape=(5, 3),
                        dtype="float64",
                        error=0.0,
                        tolerance=1e-6,
                        earned=Fraction(1),
                    ),
                    Comparison(
                        name="d_bias",
                        status="failed",
                        shape=(3,),
                        dtype="float64",
                        error=0.857142857,
                        tolerance=1e-6,
                        message="d_bias is off by 86 % of its largest entry.",
                    ),
                ),
                diagnosis=Diagnosis(
                    code="mean-for-sum",
                    text="d_bias looks like the mean over the batch where the sum is asked for: times 7 it is right.",
                    evidence={"factor": Fraction(1, 7), "sizes": (7, 4, 11), "nan": float("nan")},
                ),
            ),
        ),
        auto(
            RELU,
            "failed",
            outcome(
                "relu_backward",
                RELU,
                "Gradient for a random upstream gradient",
                "failed",
                0,
                2,
                "The largest error is 2.1 times the largest entry.",
                hidden=True,
            ),
            outcome(
                "relu_state",
                RELU,
                "Inputs stay as they are",
                "error",
                0,
                Fraction(1, 3),
                "Your code raised IndexError in line 14: x[mask] = 0",
            ),
        ),
        auto(
            NETWORK,
            "failed",
            outcome(
                "network_gradients",
                NETWORK,
                "Gradients of all four parameters",
                "failed",
                0,
                3,
                "4 of 4 arrays are wrong.",
            ),
            score=3,
            follow_through=3,
            credited_with=("Affine", "ReLU"),
        ),
        manual(
            CURVE, 19, "Plot the loss over the epochs.", Answer(state="answered", cell=14, figures=("1 axes, 1 line",))
        ),
        manual(ESSAY, 1, "Explain in two sentences.", Answer(state="empty", cell=15)),
        cells=(
            CellRun(index=2, status="ok", seconds=0.25),
            CellRun(index=4, status="error", error=shapes, seconds=1 / 3),
            CellRun(index=7, status="timeout", error=None, seconds=60.0),
            CellRun(index=9, status="error", error=name),
        ),
        notes=("nn_utils.py was changed; the course's own file was used.", "Cell 12 holds output of an earlier run."),
    )


def ungradable() -> Report:
    return Report(
        assignment="",
        title="",
        path="old.ipynb",
        digest="sha256:" + "1" * 64,
        status="ungradable",
        reason="old.ipynb is written for Python 2; convert it to Python 3 and hand it in again",
    )


ESCAPES = "\x1b[2J\x1b]0;owned\x07\x1b]8;;http://x\x1b\\link\x9b31m\r\x08\u202eevil\ud800\x00"


def hostile() -> Report:
    """Every text that a student can choose holds escapes."""
    bad = StudentError(type="Evil" + ESCAPES, message=ESCAPES * 3, frames=(Frame("cell 1", 1, ESCAPES),))
    return Report(
        assignment="toy",
        title="Exercise 9",
        path=f"hand-ins/{ESCAPES}.ipynb",
        digest="sha256:" + "2" * 64,
        status="graded",
        parts=(
            auto(
                AFFINE,
                "failed",
                outcome(
                    "affine_forward",
                    AFFINE,
                    "Scores",
                    "failed",
                    0,
                    2,
                    f"wrong: {ESCAPES}",
                    arrays=(
                        Comparison(
                            name=f"grads['{ESCAPES}']",
                            status="failed",
                            dtype=ESCAPES,
                            error=float("inf"),
                            message=f"{ESCAPES} is wrong",
                        ),
                    ),
                    diagnosis=Diagnosis(code="x", text=ESCAPES, evidence={ESCAPES: [ESCAPES]}),
                ),
                follow_through=0,
                credited_with=(ESCAPES,),
            ),
            manual(ESSAY, 5, "Why?", Answer(state="answered", text=ESCAPES * 5000, figures=(ESCAPES,), cell=3)),
        ),
        cells=(CellRun(index=1, status="error", error=bad, text=ESCAPES),),
        notes=(ESCAPES,),
    )
