"""How a step is given its phrase: a regular expression for the whole of it, after whatever keyword."""

import behave


def step(pattern):
    behave.use_step_matcher("re")
    return behave.step(pattern)
