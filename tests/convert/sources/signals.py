# %% [markdown]
# # Signals

# %% nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "setup"}
import numpy as np
import matplotlib.pyplot as plt

times = np.linspace(0, 1, 11)

# %% [markdown]
# ## Moving average


# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "average"}
def average(x, width):
    """Means of `width` neighbours."""
    ### BEGIN SOLUTION
    if width < 1:
        raise ValueError("width is at least 1")
    return np.convolve(x, np.ones(width) / width, mode="valid")
    ### END SOLUTION


# %% nbgrader={"schema_version": 3, "grade": true, "solution": false, "locked": true, "task": false, "grade_id": "average-values", "points": 3}
"""The average of some signals"""


def ramp(n):
    return np.arange(float(n))


assert average(ramp(5), 2).shape == (4,)
assert np.allclose(average(ramp(5), 2), [0.5, 1.5, 2.5, 3.5]), "a ramp"
np.testing.assert_allclose(average(np.ones(6), 3), np.ones(4), rtol=1e-6)
### BEGIN HIDDEN TESTS
assert abs(average(times, 11)[0] - 0.5) < 1e-9
### END HIDDEN TESTS

# %% nbgrader={"schema_version": 3, "grade": true, "solution": false, "locked": true, "task": false, "grade_id": "average_errors", "points": 1}
# A width of 0 is refused
try:
    average(ramp(3), 0)
except ValueError:
    pass
else:
    raise AssertionError("no ValueError")

# %% [markdown]
# ## Energy


# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "energy"}
def energy(x):
    return float(np.sum(np.square(x)))


# %% nbgrader={"schema_version": 3, "grade": true, "solution": false, "locked": true, "task": false, "grade_id": "energy_values", "points": 2}
rng = np.random.default_rng(3)
x = rng.normal(size=50)
assert energy([3, 4]) == 25
assert np.isclose(energy(x), (x * x).sum())
assert energy(2 * x) > energy(x)

# %% nbgrader={"schema_version": 3, "grade": true, "solution": false, "locked": true, "task": false, "grade_id": "energy_random", "points": 0.5}
x = np.random.rand(20)
assert np.isclose(energy(x), x @ x)

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "peak"}
### BEGIN SOLUTION
peak = times[np.argmax(np.sin(np.pi * times))]
### END SOLUTION

# %% nbgrader={"schema_version": 3, "grade": true, "solution": false, "locked": true, "task": false, "grade_id": "peak_value", "points": 1}
assert round(peak, 3) == 0.5

# %% [markdown]
# ## A figure

# %% nbgrader={"schema_version": 3, "grade": true, "solution": true, "locked": false, "task": false, "grade_id": "figure", "points": 2}
### BEGIN SOLUTION
plt.plot(times, np.sin(np.pi * times))
plt.xlabel("time")
### END SOLUTION

# %% [markdown]
# ## Why
#
# Why does an average lose energy?

# %% [markdown] nbgrader={"schema_version": 3, "grade": true, "solution": true, "locked": false, "task": false, "grade_id": "why", "points": 2}
# Because the mean of squares is at least the square of the mean.

# %% [markdown] nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": true, "grade_id": "own", "points": 4}
# ## Your own signal
#
# Find a signal of your own and describe it.
#
# ### BEGIN MARK SCHEME
# 2 points for the signal, 2 for its energy.
# ### END MARK SCHEME

# %%
print(average(times, 2), energy(times))
