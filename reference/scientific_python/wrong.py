"""Wrong rewrites of the solution, each with exactly the checks that must not pass."""

from grader import Change, Edit

FILE = "scientific_python.py"
QR = ("qr_factors", "qr_nearly_parallel", "qr_of_integers", "qr_zeros")
FACTORS = ("qr_factors", "qr_of_integers", "qr_zeros")
CG = ("cg_steps", "cg_exact", "cg_small", "cg_calls")
NORMS = ("cg_steps", "cg_small")
RK4 = ("rk4_even", "rk4_uneven")
FFT = ("fft_real", "fft_complex", "fft_long")

COPY = "q = np.array(a, dtype=float)"
DIAGONAL = "step[j, j] = np.sqrt(q[:, j] @ q[:, j])"
ROW = "step[j, j + 1 :] = q[:, j] @ q[:, j + 1 :]"
REST = "q[:, j + 1 :] -= np.outer"
QR_CODE = """\
    q = np.array(a, dtype=float)
    n = q.shape[1]
    r = np.zeros((n, n))
    for _ in range(2):
        step = np.eye(n)
        for j in range(n):
            step[j, j] = np.sqrt(q[:, j] @ q[:, j])
            q[:, j] /= step[j, j]
            step[j, j + 1 :] = q[:, j] @ q[:, j + 1 :]
            q[:, j + 1 :] -= np.outer(q[:, j], step[j, j + 1 :])
        r = step if not r.any() else step @ r
    return q, r
"""
CLASSICAL = """\
    a = np.asarray(a, dtype=float)
    q, r = np.zeros(a.shape), np.zeros((a.shape[1], a.shape[1]))
    for j in range(a.shape[1]):
        r[:j, j] = q[:, :j].T @ a[:, j]
        rest = a[:, j] - q[:, :j] @ r[:j, j]
        r[j, j] = np.linalg.norm(rest)
        q[:, j] = rest / r[j, j]
    return q, r
"""
HOUSEHOLDER = """\
    r = np.array(a, dtype=float)
    m, n = r.shape
    q = np.eye(m)
    for j in range(n):
        v = r[j:, j].copy()
        v[0] += np.copysign(np.linalg.norm(v), v[0])
        v /= np.linalg.norm(v)
        r[j:] -= 2 * np.outer(v, v @ r[j:])
        q[:, j:] -= 2 * np.outer(q[:, j:] @ v, v)
"""
SIGNED = "v[0] += np.copysign(np.linalg.norm(v), v[0])"
SIGNS = "    signs = np.where(np.diag(r[:n]) < 0, -1.0, 1.0)\n"
GIVENS = """\
    r = np.array(a, dtype=float)
    m, n = r.shape
    q = np.eye(m)
    for j in range(n):
        for i in range(j + 1, m):
            size = np.hypot(r[j, j], r[i, j])
            turn = np.array([[r[j, j], r[i, j]], [-r[i, j], r[j, j]]]) / size if size else np.eye(2)
            r[[j, i]] = turn @ r[[j, i]]
            q[:, [j, i]] = q[:, [j, i]] @ turn.T
    return q[:, :n], np.triu(r[:n])
"""
IN_PLACE = """\
    a = np.asarray(a, dtype=float)
    q, r = np.zeros(a.shape), np.zeros((a.shape[1], a.shape[1]))
    for j in range(a.shape[1]):
        v = a[:, j]
        for i in [*range(j), *range(j)]:
            along = q[:, i] @ v
            r[i, j] += along
            v -= along * q[:, i]
        r[j, j] = np.sqrt(v @ v)
        q[:, j] = v / r[j, j]
    return q, r
"""
LENGTH = "length = squares / (direction @ image)"
MOVED = "x = x + length * direction"
RESIDUAL = "residual = residual - length * image"
BETA = "direction = residual + squares / before * direction"
NORM = "norms.append(np.sqrt(squares))"
STEPS = "for _ in range(steps):"
STOP = "if squares == 0:"
TIMES = "t, after = times[i], times[i + 1]"
STEP = "h, y = after - t, values[-1]"
K2, K3 = "k2 = f(t + h / 2, y + h / 2 * k1)", "k3 = f(t + h / 2, y + h / 2 * k2)"
K4 = "k4 = f(after, y + h * k3)"
SUM = "values.append(y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4))"
SPLIT = "even, odd = fft(x[::2]), fft(x[1::2])"
TURNED = "turned = np.exp(-2j * np.pi * np.arange(len(odd)) / len(x)) * odd"
JOINED = "return np.concatenate([even + turned, even - turned])"
RADIUS = "radius = np.sqrt(rng.random(count))"
ANGLE = "angle = 2 * np.pi * rng.random(count)"
ORDER = "order = None if i == 0 else np.log(errors[i - 1] / e) / np.log(steps[i - 1] / h)"
TEXT = 'return f"order {np.median(orders):.1f} after {len(table)} rows"'
UPPER = "sorted(orders)[len(orders) // 2]"
DRAWN = 'axes.loglog([row["step"] for row in table], [row["error"] for row in table], "o-")'
DRAWN_SWAPPED = 'axes.loglog([row["error"] for row in table], [row["step"] for row in table], "o-")'


def edit(name: str, old: str, new: str, *fails: str) -> Edit:
    return edits(name, (old, new), fails=fails)


def edits(name: str, *changes: tuple[str, str], fails: tuple[str, ...]) -> Edit:
    return Edit(name=name, changes=tuple(Change(FILE, *change) for change in changes), fails=fails)


def householder(name: str, signed: str, *fails: str) -> Edit:
    """Reflections whose first entry is moved otherwise; the signs are put right at the end."""
    code = HOUSEHOLDER.replace(SIGNED, signed) + SIGNS
    return edit(name, QR_CODE, code + "    return q[:, :n] * signs, np.triu(r[:n]) * signs[:, None]\n", *fails)


def weights(name: str, new: str) -> Edit:
    """The sum of the four slopes taken otherwise."""
    return edit(name, SUM, SUM.replace("h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)", new), *RK4)


WRONG = [
    # ---- QR factorisation
    edit("the diagonal of r is negative", "return q, r", "return -q, -r", *FACTORS),
    edit("the signs of Householder's reflections are left as they come", QR_CODE,
         HOUSEHOLDER + "    return q[:, :n], np.triu(r[:n])\n", *FACTORS),
    edit("q is the whole square, and r has rows of zeros", QR_CODE,
         HOUSEHOLDER + "    return q, r\n", *QR),
    edit("q is the whole square, and r has rows of zeros; the signs are right", QR_CODE,
         HOUSEHOLDER + SIGNS + "    q[:, :n] *= signs\n    r[:n] *= signs[:, None]\n    return q, r\n", *QR),
    edit("NumPy's factors, with the signs that are asked for", QR_CODE,
         "    q, r = np.linalg.qr(np.asarray(a, dtype=float))\n    signs = np.sign(np.diag(r))\n"
         "    return q * signs, r * signs[:, None]\n", *QR),
    edit("columns are not normalised", DIAGONAL, "step[j, j] = 1.0", *QR),
    edit("columns are divided by the square of their length", DIAGONAL, DIAGONAL.replace("np.sqrt", ""), *QR),
    edit("the second pass replaces the coefficients in r instead of adding to them",
         "else step @ r", "else np.diag(np.diag(step @ r)) + np.triu(step, 1)", *QR),
    edit("one pass of Gram-Schmidt", "for _ in range(2):", "for _ in range(1):", "qr_nearly_parallel"),
    edit("one pass of classical Gram-Schmidt", QR_CODE, CLASSICAL, "qr_nearly_parallel"),
    edit("r is that of the last pass alone", "r = step if not r.any() else step @ r", "r = step", *QR),
    edit("the projections are added, not subtracted", REST, REST.replace("-=", "+="), *QR),
    edit("r is the transposed", "return q, r", "return q, r.T", *QR),
    edit("q is the transposed", "return q, r", "return q.T, r", *QR),
    edit("q and r change places", "return q, r", "return r, q", *QR),
    edit("projections are left out of r", ROW, "", *QR),
    edit("the diagonal of r is 1", "return q, r", "return q, r / np.diag(r)[:, None]", *QR),
    edit("integers stay integers", COPY, "q = np.array(a)", "qr_of_integers"),
    edit("the matrix is overwritten", COPY, "q = np.asarray(a, dtype=float)", "qr_nearly_parallel"),
    edit("the last diagonal entry of a square matrix may be negative", QR_CODE, GIVENS, "qr_of_integers"),
    edit("the columns of the matrix are changed in place", QR_CODE, IN_PLACE, "qr_nearly_parallel"),
    edit("the factors of the two passes are multiplied in the wrong order", "else step @ r", "else r @ step",
         "qr_nearly_parallel"),
    householder("np.sign of a first entry 0 is 0: that column is not reflected onto the axis",
                "v[0] += np.sign(v[0]) * np.linalg.norm(v)", "qr_zeros"),
    householder("the reflection divides 0 by 0 where a column lies on the axis already", "v[0] -= np.linalg.norm(v)",
                "qr_zeros", "qr_of_integers"),
    # ---- Conjugate gradients
    edit("steepest descent", BETA, "direction = residual", *CG),
    edit("old and new squares change places", BETA, BETA.replace("squares / before", "before / squares"), *CG),
    edit("the direction loses its sign", BETA, BETA.replace("residual +", "residual -"), *CG),
    edits("the squares of the first residual are used in every step",
          ("before, squares = squares, residual @ residual", "new = residual @ residual"),
          (BETA, BETA.replace("squares / before", "new / squares")), (NORM, NORM.replace("squares", "new")),
          fails=CG),
    edit("the old direction counts in full", BETA, "direction = residual + direction", *CG),
    edit("the ratio of the norms, not of their squares, in the direction", BETA,
         BETA.replace("squares / before", "np.sqrt(squares / before)"), *CG),
    edits("the direction is built on the residual from before the step",
          (RESIDUAL, "previous = residual\n        " + RESIDUAL), (BETA, BETA.replace("= residual", "= previous")),
          fails=CG),
    edit("the length of a step is not divided by the direction's own product with A", LENGTH,
         "length = squares / (direction @ direction)", *CG),
    edit("the length of a step uses norms, not their squares", LENGTH, LENGTH.replace("squares", "np.sqrt(squares)"),
         *CG),
    edit("x stays at 0", MOVED, "", *CG),
    edit("x moves along the residual", MOVED, "x = x + length * residual", *CG),
    edit("x moves the other way", MOVED, "x = x - length * direction", *CG),
    edit("the residual moves along the direction, not along A times it", RESIDUAL,
         "residual = residual - length * direction", *CG),
    edit("the residual grows: plus for minus", RESIDUAL, "residual = residual + length * image", *CG),
    edit("x starts at b, not at 0", "x = np.zeros(len(b))", "x = np.array(b, dtype=float)", *CG),
    edit("squares of the residuals, not their norms", NORM, "norms.append(squares)", *NORMS),
    edits("squares of the residuals, not their norms, from the first one on",
          ("norms = [np.sqrt(squares)]", "norms = [squares]"),
          (NORM, "norms.append(squares)"), fails=NORMS),
    edits("the largest entries of the residuals, not their norms",
          ("norms = [np.sqrt(squares)]", "norms = [np.abs(residual).max()]"),
          (NORM, "norms.append(np.abs(residual).max())"), fails=NORMS),
    edit("the norms are divided by that of b", "return x, np.array(norms)", "return x, np.array(norms) / norms[0]",
         *NORMS, "cg_calls"),
    edit("the residual before any step is missing", "norms = [np.sqrt(squares)]", "norms = []", *NORMS, "cg_calls"),
    edit("the residual after the last step is missing", "return x, np.array(norms)", "return x, np.array(norms[:-1])",
         *NORMS, "cg_calls"),
    edit("one step too few", STEPS, "for _ in range(steps - 1):", *CG),
    edit("one step too many", STEPS, "for _ in range(steps + 1):", *NORMS, "cg_calls"),
    edit("the residual is computed anew by a second product", RESIDUAL, "residual = b - product(x)", "cg_calls"),
    edit("A times x is computed before the first step, too", "residual = np.array(b, dtype=float)",
         "residual = b - product(x)", "cg_calls"),
    edits("the residual is computed anew by a second product, and before the first step, too",
          ("residual = np.array(b, dtype=float)", "residual = b - product(x)"),
          (RESIDUAL, "residual = b - product(x)"), fails=("cg_calls",)),
    edit("a residual of 0 does not stop it", STOP, "if squares < 0:", "cg_calls"),
    # Bounds are told roughly or not at all: others stop at the same step.
    edit("it stops before the first step where the residual is small, and not only where it is 0", STOP,
         "if np.sqrt(squares) < 1e-6:", "cg_small"),
    *(edit(f"it stops where the residual is small, near {bound}, and not only where it is 0", STOP,
           f"if np.sqrt(squares) < {bound}:", "cg_small") for bound in (1e-8, 1e-10, 1e-12)),
    *(edit(f"it stops once the residual is about {share} of the first", STOP,
           f"if np.sqrt(squares) < {share} * norms[0]:", "cg_small", "cg_calls") for share in (1e-6, 1e-8)),
    edits("b is changed in place", ("residual = np.array(b, dtype=float)", "residual = np.asarray(b, dtype=float)"),
          (RESIDUAL, "residual -= length * image"), fails=("cg_exact",)),
    # ---- Runge-Kutta
    weights("Euler's method", "h * k1"),
    weights("the midpoint method: the second slope alone", "h * k2"),
    weights("Heun's method: two slopes", "h / 2 * (k1 + f(after, y + h * k1))"),
    weights("all four slopes weigh the same", "h / 4 * (k1 + k2 + k3 + k4)"),
    weights("the sum of the slopes is not divided by 6", "h * (k1 + 2 * k2 + 2 * k3 + k4)"),
    weights("the slopes are summed without their weights, and divided by 6", "h / 6 * (k1 + k2 + k3 + k4)"),
    weights("the first and the last slope weigh twice", "h / 6 * (2 * k1 + k2 + k3 + 2 * k4)"),
    weights("the third slope weighs once", "h / 6 * (k1 + 2 * k2 + k3 + k4)"),
    weights("the sum is not multiplied by the step", "1 / 6 * (k1 + 2 * k2 + 2 * k3 + k4)"),
    edits("Kutta's rule of 3/8, not the classical one", (K2, "k2 = f(t + h / 3, y + h / 3 * k1)"),
          (K3, "k3 = f(t + 2 * h / 3, y + h * (k2 - k1 / 3))"), (K4, "k4 = f(after, y + h * (k1 - k2 + k3))"),
          (SUM, "values.append(y + h / 8 * (k1 + 3 * k2 + 3 * k3 + k4))"), fails=RK4),
    edit("the middle slopes are taken at the beginning", "k3 = f(t + h / 2,", "k3 = f(t,", *RK4),
    edits("all slopes are taken at the time where the step starts", (K2, K2.replace("t + h / 2,", "t,")),
          (K3, K3.replace("t + h / 2,", "t,")), (K4, K4.replace("after", "t")), fails=RK4),
    edits("the middle slopes are taken at the time where the step starts", (K2, K2.replace("t + h / 2,", "t,")),
          (K3, K3.replace("t + h / 2,", "t,")), fails=RK4),
    edits("the middle slopes are taken a whole step away", (K2, K2.replace("h / 2 * k1", "h * k1")),
          (K3, K3.replace("h / 2 * k2", "h * k2")), fails=RK4),
    edits("the slopes are not multiplied by the step", (K2, K2.replace("h / 2 * k1", "k1 / 2")),
          (K3, K3.replace("h / 2 * k2", "k2 / 2")), (K4, K4.replace("h * k3", "k3")), fails=RK4),
    edit("the third slope starts from the first", "y + h / 2 * k2)", "y + h / 2 * k1)", *RK4),
    edit("the last slope starts from the second", K4, "k4 = f(after, y + h * k2)", *RK4),
    edit("the last slope is taken in the middle", K4, "k4 = f(t + h / 2, y + h * k3)", *RK4),
    edit("the last slope starts half a step away", K4, "k4 = f(after, y + h / 2 * k3)", *RK4),
    edit("the last slope is taken in the middle and starts half a step away", K4, "k4 = f(t + h / 2, y + h / 2 * k3)",
         *RK4),
    edit("the last slope is taken where the step starts", K4, "k4 = f(t, y + h * k3)", *RK4),
    edit("every step is as long as the first", STEP, "h, y = times[1] - times[0], values[-1]", "rk4_uneven"),
    edits("every step is as long as the first, and so are the times of its slopes",
          (STEP, "h, y = times[1] - times[0], values[-1]"), (K4, K4.replace("after", "t + h")), fails=("rk4_uneven",)),
    edits("every step is as long as the first, and the times are counted by it",
          (TIMES, "t = times[0] + i * (times[1] - times[0])"), (STEP, "h, y = times[1] - times[0], values[-1]"),
          (K4, K4.replace("after", "t + h")), fails=("rk4_uneven",)),
    edits("every step is as long as the average one",
          (STEP, "h, y = (times[-1] - times[0]) / (len(times) - 1), values[-1]"),
          (K4, K4.replace("after", "t + h")), fails=("rk4_uneven",)),
    edit("steps have a positive length", STEP, "h, y = abs(after - t), values[-1]", "rk4_uneven"),
    edit("the values have the dtype of y0, which cuts off decimals where it holds whole numbers",
         "return np.array(values)", "return np.array(values).astype(np.array(y0).dtype)", "rk4_uneven"),
    edit("all steps start at the first time", TIMES, "t, after = times[0], times[0] + times[i + 1] - times[i]", *RK4),
    edit("the first row, y0, is missing", "return np.array(values)", "return np.array(values[1:])", *RK4),
    edit("the last value alone", "return np.array(values)", "return values[-1]", *RK4),
    edit("y is changed in place: all rows are the last value", SUM, "values.append(y)\n        y += "
         + SUM.removeprefix("values.append(y + ").removesuffix(")"), *RK4),
    # ---- Fast Fourier transform
    edit("the exponent has the other sign", TURNED, TURNED.replace("-2j", "2j"), *FFT),
    edit("the exponent lacks the factor 2", TURNED, TURNED.replace("-2j", "-1j"), *FFT),
    edit("the exponent lacks pi", TURNED, TURNED.replace(" * np.pi", ""), *FFT),
    edit("the exponent is divided by half of the length", TURNED, TURNED.replace("/ len(x)", "/ len(odd)"), *FFT),
    edit("the halves change places", JOINED, "return np.concatenate([even - turned, even + turned])", *FFT),
    edit("the second half has a plus, too", JOINED, "return np.concatenate([even + turned, even + turned])", *FFT),
    edit("the first half overwrites the even results before the second half is made of them", JOINED,
         "return np.concatenate([even + turned, even + turned - turned])", *FFT),
    edit("the odd entries are not turned", TURNED, "turned = odd", *FFT),
    edit("NumPy's transform", "    if len(x) == 1:\n        return x\n", "    return np.fft.fft(x)\n", *FFT),
    edit("even and odd entries change places", SPLIT, "odd, even = fft(x[::2]), fft(x[1::2])", *FFT),
    edit("the first and the second half in the place of even and odd entries", SPLIT,
         "even, odd = fft(x[: len(x) // 2]), fft(x[len(x) // 2 :])", *FFT),
    edit("even and odd results alternate, in the place of two halves", JOINED,
         "return np.column_stack([even + turned, even - turned]).ravel()", *FFT),
    edit("the transform is divided by the length", JOINED, JOINED.replace("return ", "return 0.5 * "), *FFT),
    edit("the transform is divided by the root of the length", JOINED,
         JOINED.replace("return ", "return np.sqrt(0.5) * "),
         *FFT),
    edits("the inverse transform", (TURNED, TURNED.replace("-2j", "2j")),
          (JOINED, JOINED.replace("return ", "return 0.5 * ")), fails=FFT),
    edit("the imaginary part is dropped", "x = np.asarray(x, dtype=complex)", "x = np.real(x).astype(complex)",
         "fft_complex"),
    edit("the halves go into an array of floats, which keeps their real parts", JOINED, JOINED + ".real", *FFT),
    edit("the sum as it stands", "if len(x) == 1:\n        return x",
         "k = np.arange(len(x))\n    return np.array([x @ np.exp(-2j * np.pi * k * j / len(x)) for j in k])",
         "fft_long"),
    edit("x is overwritten by its transform", JOINED, JOINED.replace("return", "x[:] =") + "\n    return x",
         "fft_complex"),
    # ---- Points spread over a disc
    edit("the radius is even, not the area", RADIUS, "radius = rng.random(count)", "disc_points"),
    edit("half of the disc", ANGLE, "angle = np.pi * rng.random(count)", "disc_points"),
    edit("x is spread evenly, and y over the chord", RADIUS, "x = rng.uniform(-1, 1, size=count)\n"
         "    return np.column_stack([x, np.sqrt(1 - x**2) * rng.uniform(-1, 1, size=count)])", "disc_points"),
    edit("a square, not a disc", RADIUS, "return 2 * rng.random((count, 2)) - 1", "disc_points"),
    edit("the points lie on the circle", RADIUS, "radius = np.ones(count)", "disc_points"),
    edit("points of a square outside of the disc are pulled onto the circle", RADIUS,
         "points = rng.uniform(-1, 1, size=(count, 2))\n"
         "    return points / np.maximum(1, np.hypot(*points.T))[:, None]", "disc_points"),
    edit("a spread of the radius as of a normal distribution", RADIUS,
         "radius = np.minimum(1, abs(rng.normal(size=count)))",
         "disc_points"),
    edit("the cubic root, as for a ball", RADIUS, "radius = np.cbrt(rng.random(count))", "disc_points"),
    edit("the points of a square that lie in the disc, drawn once: sometimes too few", RADIUS,
         "points = rng.uniform(-1, 1, size=(int(np.ceil(1.5 * count)), 2))\n"
         "    return points[np.hypot(*points.T) <= 1][:count]", "disc_generator"),
    edit("three times as many points of a square, drawn once: sometimes too few lie in the disc", RADIUS,
         "points = rng.uniform(-1, 1, size=(3 * count, 2))\n"
         "    return points[np.hypot(*points.T) <= 1][:count]", "disc_generator"),
    edit("the squared radius takes eight values", RADIUS, "radius = np.sqrt((rng.integers(8, size=count) + 0.5) / 8)",
         "disc_points"),
    edit("sixteen places, over and over", RADIUS, "place = np.arange(count)\n"
         "    angle, radius = 2 * np.pi * (rng.random() + place / 8), np.sqrt(np.where(place % 16 < 8, 1, 5) / 8)\n"
         "    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])", "disc_points",
         "disc_generator"),
    edit("another generator", ANGLE, "angle = 2 * np.pi * np.random.default_rng().random(count)", "disc_generator"),
    edit("a seed of its own for the radius", RADIUS, RADIUS.replace(
         "rng.random(count)", "np.random.RandomState(42).rand(count)"), "disc_generator"),
    edit("a seed of its own", RADIUS, "rng = np.random.default_rng(0)\n    " + RADIUS, "disc_generator"),
    edit("the order is upside down", ORDER, ORDER.replace("errors[i - 1] / e", "e / errors[i - 1]"), "table_rows"),
    edit("steps are taken for halved", ORDER, ORDER.replace("np.log(steps[i - 1] / h)", "np.log(2)"), "table_rows"),
    edit("the first order is 0, not None", ORDER, ORDER.replace("None if", "0.0 if"), "table_rows"),
    edit("each order stands in the row before its own",
         "return rows\n", "return [{**a, \"order\": b[\"order\"]} for a, b in zip(rows, rows[1:] + rows[:1])]\n",
         "table_rows"),
    edit("the first row is left out", "return rows\n", "return rows[1:]\n", "table_rows"),
    edit("the mean of the orders", TEXT, TEXT.replace("median", "mean"), "table_text"),
    edit("the upper one of the two middle orders, not their mean", TEXT, TEXT.replace("np.median(orders)", UPPER),
         "table_text"),
    edit("the lower one of the two middle orders, not their mean", TEXT,
         TEXT.replace("np.median(orders)", UPPER.replace("len(orders)", "(len(orders) - 1)")), "table_text"),
    edit("orders of 0 are left out with the None", 'if row["order"] is not None', 'if row["order"]', "table_text"),
    edit("two decimals", TEXT, TEXT.replace(".1f", ".2f"), "table_text"),
    edit("the orders are counted, not the rows", TEXT, TEXT.replace("len(table)", "len(orders)"), "table_text"),
    edit("only the errors are logarithmic", "axes.loglog(", "axes.semilogy(", "table_figure"),
    edits("both axes are linear", ("axes.loglog(", "axes.plot("), fails=("table_figure",)),
    edit("only the steps are logarithmic", "axes.loglog(", "axes.semilogx(", "table_figure"),
    *(edit(f"{what} are drawn on linear axes, not the numbers on logarithmic ones", DRAWN,
           DRAWN.replace("axes.loglog([", f"axes.plot(*np.{log}([[").replace(', "o-")', ']), "o-")'), "table_figure")
      for log, what in (("log", "logarithms"), ("log10", "logarithms to the base 10"),
                        ("log2", "logarithms to the base 2"))),
    edit("no label at the errors", 'axes.set_ylabel("error")', "", "table_figure"),
    edit("no label at the steps", 'axes.set_xlabel("step")', "", "table_figure"),
    edits("drawn into the current figure, not into a new one", ("figure, axes = plt.subplots()", "axes = plt.gca()"),
          ("return figure", "return axes.figure"), fails=("table_figure",)),
    edit("the axes change places", DRAWN, DRAWN_SWAPPED, "table_figure"),
]  # fmt: skip
