"""Small changes of the solution that no check need see, each with the reason."""

from grader.model import Equivalent

NOTEBOOK = "assignment_1.py"
QUOTIENTS = (
    "(sigmoid(x + epsilon / 2) - sigmoid(x - epsilon / 2)) / epsilon",
    "(relu(x + epsilon / 2) - relu(x - epsilon / 2)) / epsilon",
    "(bce_loss(y, y_hat + epsilon / 2) - bce_loss(y, y_hat - epsilon / 2)) / epsilon",
)


def free(code: str, reason: str) -> Equivalent:
    return Equivalent(file=NOTEBOOK, code=code, reason=reason)


def after(quotient: str) -> list[Equivalent]:
    """The right quotient is computed, and then changed once more before it is printed."""
    changed = (f"-(({quotient}))", f"2 * (({quotient}))", f"{quotient} / epsilon")
    reason = "the quotient itself is computed; what is printed of it is for the student's eyes"
    return [Equivalent(file=NOTEBOOK, code=quotient, new=new, reason=reason) for new in changed]


EQUIVALENT = [
    free("step_size=0.15, steps=30", "no points: values to try, and a look at the path"),
    free("step_size=0.5, steps=100, decay=0.95", "any start, steps and decay whose path ends below -2"),
    free("epsilon = 1e-5", "any small step, to either side"),
    *(one for quotient in QUOTIENTS for one in after(quotient)),
    Equivalent(
        file=NOTEBOOK,
        code=QUOTIENTS[1],
        new="epsilon / (relu(x + epsilon / 2) - relu(x - epsilon / 2))",
        reason="the same where ReLU's slope is 1; where it is 0 ReLU itself is 0, which is taken for the quotient",
    ),
    Equivalent(file=NOTEBOOK, code="x @ w", new="w @ x", reason="the same number: x and w are vectors"),
    free("fit(net, x, y, epochs=15, learning_rate=0.01, mb_size=20)", "any training that reaches the accuracy"),
    free("rng = np.random.default_rng(12345)", "any initial weights"),
    free("net = Net([Linear(64, ", "any sizes, in a network of the right layers that reaches the accuracy"),
    free("*(Linear(", "any sizes, in a deeper network that reaches the accuracy"),
]
