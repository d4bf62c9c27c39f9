"""The three checks that every grader of the benchmark asks."""

from grader import Part, check

FORWARD, BACKWARD, TRAINING = Part("1", "Affine forward"), Part("2", "Affine backward"), Part("3", "Training")


@check(FORWARD, points=3, uses=["affine_forward"])
def forward_values(student, rng):
    """Output of the affine layer"""
    x, w, b = rng.normal(size=(7, 5)), rng.normal(size=(5, 3)), rng.normal(size=3)
    return {"out": student.affine_forward(x, w, b)}


@check(BACKWARD, points=3, uses=["affine_backward"])
def backward_values(student, rng):
    """Gradients of the affine layer"""
    d_out, x, w = rng.normal(size=(7, 3)), rng.normal(size=(7, 5)), rng.normal(size=(5, 3))
    d_x, d_w, d_b = student.affine_backward(d_out, x, w)
    return {"d_x": d_x, "d_w": d_w, "d_b": d_b}


@check(TRAINING, points=4, uses=["train"])
def losses_of_training(student, rng):
    """Losses over twenty epochs"""
    x, y = rng.normal(size=(6, 5)), rng.normal(size=(6, 2))
    w1, w2 = rng.normal(size=(5, 4)), rng.normal(size=(4, 2))
    return {"losses": student.train(x, y, w1, rng.normal(size=4), w2, rng.normal(size=2), 20, 0.01)}
