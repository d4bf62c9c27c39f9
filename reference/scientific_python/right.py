"""Other correct ways of writing the solution: each must get full marks."""

from grader import Change, Edit

FILE = "scientific_python.py"

QR = """\
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
    signs = np.where(np.diag(r[:n]) < 0, -1.0, 1.0)
    return q[:, :n] * signs, np.triu(r[:n]) * signs[:, None]
"""
GIVENS = """\
    r = np.array(a, dtype=float)
    m, n = r.shape
    q = np.eye(m)
    for j in range(n):
        for i in range(j + 1, m):
            size = np.hypot(r[j, j], r[i, j])
            if size == 0:
                continue
            c, s = r[j, j] / size, r[i, j] / size
            turn = np.array([[c, s], [-s, c]])
            r[[j, i]] = turn @ r[[j, i]]
            q[:, [j, i]] = q[:, [j, i]] @ turn.T
    signs = np.sign(np.diag(r[:n]))
    return q[:, :n] * signs, np.triu(signs[:, None] * r[:n])
"""
GIVENS_LAST = """\
    r = np.array(a, dtype=float)
    m, n = r.shape
    q = np.eye(m)
    for j in range(n):
        for i in reversed(range(j + 1, m)):
            angle = np.arctan2(r[i, j], r[i - 1, j])
            turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
            r[i - 1 : i + 1] = turn @ r[i - 1 : i + 1]
            q[:, i - 1 : i + 1] = q[:, i - 1 : i + 1] @ turn.T
    if r[n - 1, n - 1] < 0:
        r[n - 1] *= -1
        q[:, n - 1] *= -1
    return q[:, :n], np.triu(r[:n])
"""
CG = """\
        image = product(direction)
        length = squares / (direction @ image)
        x = x + length * direction
        residual = residual - length * image
        before, squares = squares, residual @ residual
        direction = residual + squares / before * direction
        norms.append(np.sqrt(squares))
"""
CG_LONG = """\
        image = np.asarray(product(direction.copy()))
        length = np.dot(residual, direction) / np.dot(direction, image)
        x += length * direction
        residual -= length * image
        share = -np.dot(residual, image) / np.dot(direction, image)
        direction = residual + share * direction
        squares = np.sum(residual**2)
        norms += [float(np.linalg.norm(residual))]
"""
RK4 = """\
    values = [np.array(y0, dtype=float)]
    for i in range(len(times) - 1):
        t, after = times[i], times[i + 1]
        h, y = after - t, values[-1]
        k1 = f(t, y)
        k2 = f(t + h / 2, y + h / 2 * k1)
        k3 = f(t + h / 2, y + h / 2 * k2)
        k4 = f(after, y + h * k3)
        values.append(y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4))
    return np.array(values)
"""
RK4_TABLE = """\
    values = np.empty((len(times), len(y0)))
    values[0] = y0
    for i, h in enumerate(np.diff(times)):
        total, slope = np.zeros(len(y0)), np.zeros(len(y0))
        for at, weight in ((0, 1 / 6), (0.5, 1 / 3), (0.5, 1 / 3), (1, 1 / 6)):
            slope = np.asarray(f(times[i] + at * h, values[i] + at * h * slope))
            total += weight * slope
        values[i + 1] = values[i] + h * total
    return values
"""
FFT = """\
    x = np.asarray(x, dtype=complex)
    if len(x) == 1:
        return x
    even, odd = fft(x[::2]), fft(x[1::2])
    turned = np.exp(-2j * np.pi * np.arange(len(odd)) / len(x)) * odd
    return np.concatenate([even + turned, even - turned])
"""
FFT_ROWS = """\
    x = np.asarray(x, dtype=complex)
    rows = x[:, None]
    while rows.shape[0] > 1:
        half = rows.shape[0] // 2
        even, odd = rows[:half], rows[half:]
        size = rows.shape[1]
        turned = np.exp(-1j * np.pi * np.arange(size) / size) * odd
        rows = np.hstack([even + turned, even - turned])
    return rows[0]
"""
FFT_COPIED = """\
    x = np.array(x, dtype=complex)
    if half := len(x) // 2:
        even, odd = fft(x[::2]), fft(x[1::2])
        odd *= np.exp(-2j * np.pi * np.arange(half) / len(x))
        x[:half], x[half:] = even + odd, even - odd
    return x
"""
DISC = """\
    radius = np.sqrt(rng.random(count))
    angle = 2 * np.pi * rng.random(count)
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
"""
DISC_REJECTED = """\
    kept = np.empty((0, 2))
    while len(kept) < count:
        tried = rng.uniform(-1, 1, size=(2 * count, 2))
        kept = np.vstack([kept, tried[np.hypot(*tried.T) <= 1]])
    return kept[:count]
"""
DISC_ONE_BY_ONE = """\
    points = []
    while len(points) < count:
        x, y = 2 * rng.random() - 1, 2 * rng.random() - 1
        if x * x + y * y <= 1:
            points += [(x, y)]
    return np.array(points)
"""
ROWS = """\
    rows = []
    for i, (h, e) in enumerate(zip(steps, errors, strict=True)):
        order = None if i == 0 else np.log(errors[i - 1] / e) / np.log(steps[i - 1] / h)
        rows.append({"step": h, "error": e, "order": order})
    return rows
"""
ROWS_BY_COLUMNS = """\
    h, e = np.array(steps), np.array(errors)
    orders = [None, *(np.diff(np.log(e)) / np.diff(np.log(h))).tolist()]
    return [dict(step=a, error=b, order=c) for a, b, c in zip(h.tolist(), e.tolist(), orders)]
"""
TEXT = """\
    orders = [row["order"] for row in table if row["order"] is not None]
    return f"order {np.median(orders):.1f} after {len(table)} rows"
"""
TEXT_OF_PYTHON = """\
    orders = [row["order"] for row in table]
    return f"order {statistics.median(orders[1:]):0.1f} after {len(orders)} rows"
"""
TEXT_SORTED = """\
    orders = sorted(row["order"] for row in table[1:])
    middle = (orders[(len(orders) - 1) // 2] + orders[len(orders) // 2]) / 2
    return "order " + format(middle, ".1f") + " after " + str(len(table)) + " rows"
"""
DRAWN = """\
    figure, axes = plt.subplots()
    axes.loglog([row["step"] for row in table], [row["error"] for row in table], "o-")
    axes.set_xlabel("step")
    axes.set_ylabel("error")
    return figure
"""
DRAWN_AFTER_CLOSING = """\
    plt.close("all")
    h, e = np.array([(row["step"], row["error"]) for row in table]).T
    plt.plot(h, e, "k.-")
    axes = plt.gca()
    axes.set(xscale="log", yscale="log", xlabel="h", ylabel="e")
"""
DRAWN_AS_POINTS = """\
    plt.figure()
    plt.scatter([row["step"] for row in table], [row["error"] for row in table])
    plt.xscale("log")
    plt.yscale("log")
    plt.xlabel("h")
    plt.ylabel("error at the end")
    return plt.gca()
"""
DRAWN_ONE_BY_ONE = """\
    figure, axes = plt.subplots()
    for row in table:
        axes.loglog(row["step"], row["error"], "ks")
    axes.set(xlabel="step", ylabel="error")
    return figure
"""
DRAWN_WITH_A_LINE = """\
    plt.figure()
    for row in table:
        plt.plot(row["step"], row["error"], "ko")
    plt.plot(*np.array([(row["step"], row["error"]) for row in table]).T, "k:")
    plt.xscale("log")
    plt.yscale("log")
    plt.xlabel("$h$")
    plt.ylabel("$e$")
    plt.grid(True, which="both")
"""
DRAWN_BELOW_A_SLOPE = """\
    figure, axes = plt.subplots()
    h, e = np.array(sorted((row["step"], row["error"]) for row in table)).T
    axes.loglog(h, h**4, "--", label="fourth power")
    axes.scatter(h, e, label="error")
    axes.set(xlabel="step", ylabel="error")
    axes.legend()
    return figure
"""


def edit(name: str, old: str, new: str) -> Edit:
    return Edit(name=name, changes=(Change(FILE, old, new),))


RIGHT = [
    edit("QR by Householder's reflections", QR, HOUSEHOLDER),
    edit("QR by Givens' rotations", QR, GIVENS),
    edit("conjugate gradients with other inner products", CG, CG_LONG),
    edit("Runge-Kutta from its table", RK4, RK4_TABLE),
    edit("Fourier transform without recursion", FFT, FFT_ROWS),
    edit("points of a square, those outside of the disc refused", DISC, DISC_REJECTED),
    edit("the table from columns", ROWS, ROWS_BY_COLUMNS),
    edit("the median by sorting", TEXT, TEXT_SORTED),
    edit("points of a square, one after the other", DISC, DISC_ONE_BY_ONE),
    Edit(
        name="the median of the standard library",
        changes=(
            Change(FILE, TEXT, TEXT_OF_PYTHON),
            Change(FILE, "import numpy as np\n", "import statistics\n\nimport numpy as np\n"),
        ),
    ),
    edit("QR by rotations of neighbours, the last sign put right", QR, GIVENS_LAST),
    edit("Fourier transform in place of a copy", FFT, FFT_COPIED),
    edit("drawn once all figures are closed, nothing given back", DRAWN, DRAWN_AFTER_CLOSING),
    edit("points, and the axes given back", DRAWN, DRAWN_AS_POINTS),
    edit("a marker for each row", DRAWN, DRAWN_ONE_BY_ONE),
    edit("a marker for each row, then a line through all", DRAWN, DRAWN_WITH_A_LINE),
    edit("a line of the fourth power, then points from the smallest step on", DRAWN, DRAWN_BELOW_A_SLOPE),
]
