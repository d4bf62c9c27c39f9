"""Wrong rewrites of the solution, each with exactly the checks that must not pass."""

from grader import Change, Edit

FILE = "scientific_python.py"
QR = ("qr_factors", "qr_nearly_parallel", "qr_of_integers")
FACTORS = ("qr_factors", "qr_of_integers")
CG = ("cg_steps", "cg_exact")
RK4 = ("rk4_even", "rk4_uneven")
FFT = ("fft_real", "fft_complex", "fft_long")

DIAGONAL = "step[j, j] = np.sqrt(q[:, j] @ q[:, j])"
ROW = "step[j, j + 1 :] = q[:, j] @ q[:, j + 1 :]"
BETA = "direction = residual + squares / before * direction"
SUM = "values.append(y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4))"
TURNED = "turned = np.exp(-2j * np.pi * np.arange(len(odd)) / len(x)) * odd"
JOINED = "return np.concatenate([even + turned, even - turned])"
RADIUS = "radius = np.sqrt(rng.random(count))"
ANGLE = "angle = 2 * np.pi * rng.random(count)"


def edit(name: str, old: str, new: str, *fails: str) -> Edit:
    return Edit(name=name, changes=(Change(FILE, old, new),), fails=fails)


WRONG = [
    edit("the diagonal of r is negative", "return q, r", "return -q, -r", *FACTORS),
    edit("columns are not normalised", DIAGONAL, "step[j, j] = 1.0", *QR),
    edit("one pass of Gram-Schmidt", "for _ in range(2):", "for _ in range(1):", "qr_nearly_parallel"),
    edit("r is the transposed", "return q, r", "return q, r.T", *QR),
    edit("q and r change places", "return q, r", "return r, q", *QR),
    edit("projections are left out of r", ROW, "", *QR),
    edit("integers stay integers", "q = np.array(a, dtype=float)", "q = np.array(a)", "qr_of_integers"),
    edit("steepest descent", BETA, "direction = residual", *CG),
    edit("old and new squares change places", BETA, BETA.replace("squares / before", "before / squares"), *CG),
    edit("the direction loses its sign", BETA, BETA.replace("residual +", "residual -"), *CG),
    edit(
        "squares of the residuals, not their norms",
        "norms.append(np.sqrt(squares))",
        "norms.append(squares)",
        "cg_steps",
    ),
    edit("the residual before any step is missing", "norms = [np.sqrt(squares)]", "norms = []", "cg_steps", "cg_calls"),
    edit("one step too few", "for _ in range(steps):", "for _ in range(steps - 1):", *CG, "cg_calls"),
    edit(
        "the residual is computed anew by a second product",
        "residual = residual - length * image",
        "residual = b - product(x)",
        "cg_calls",
    ),
    edit("a residual of 0 does not stop it", "if squares == 0:", "if squares < 0:", "cg_calls"),
    edit("Euler's method", SUM, "values.append(y + h * k1)", *RK4),
    edit("all four slopes weigh the same", SUM, "values.append(y + h / 4 * (k1 + k2 + k3 + k4))", *RK4),
    edit("the middle slopes are taken at the beginning", "k3 = f(t + h / 2,", "k3 = f(t,", *RK4),
    edit("the third slope starts from the first", "y + h / 2 * k2)", "y + h / 2 * k1)", *RK4),
    edit("the last slope is taken in the middle", "k4 = f(after, y + h * k3)", "k4 = f(t + h / 2, y + h * k3)", *RK4),
    edit(
        "every step is as long as the first",
        "h, y = after - t, values[-1]",
        "h, y = times[1] - times[0], values[-1]",
        "rk4_uneven",
    ),
    edit(
        "steps have a positive length",
        "h, y = after - t, values[-1]",
        "h, y = abs(after - t), values[-1]",
        "rk4_uneven",
    ),
    edit("the exponent has the other sign", TURNED, TURNED.replace("-2j", "2j"), *FFT),
    edit("the halves change places", JOINED, "return np.concatenate([even - turned, even + turned])", *FFT),
    edit("the odd entries are not turned", TURNED, "turned = odd", *FFT),
    edit("the transform is divided by the length", JOINED, JOINED.replace("return ", "return 0.5 * "), *FFT),
    edit(
        "the imaginary part is dropped",
        "x = np.asarray(x, dtype=complex)",
        "x = np.real(x).astype(complex)",
        "fft_complex",
    ),
    edit(
        "the sum as it stands",
        "if len(x) == 1:\n        return x",
        "k = np.arange(len(x))\n    return np.array([x @ np.exp(-2j * np.pi * k * j / len(x)) for j in k])",
        "fft_long",
    ),
    edit("the radius is even, not the area", RADIUS, "radius = rng.random(count)", "disc_points"),
    edit("half of the disc", ANGLE, "angle = np.pi * rng.random(count)", "disc_points"),
    edit("a square, not a disc", RADIUS, "return 2 * rng.random((count, 2)) - 1", "disc_points"),
    edit("the points lie on the circle", RADIUS, "radius = np.ones(count)", "disc_points"),
    edit("another generator", ANGLE, "angle = 2 * np.pi * np.random.default_rng().random(count)", "disc_generator"),
    edit("a seed of its own", RADIUS, "rng = np.random.default_rng(0)\n    " + RADIUS, "disc_generator"),
]
