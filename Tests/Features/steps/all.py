"""Behave reads phrases from this folder; they are kept beside it, in modules that may use each other."""

import breaking  # noqa: F401
import making  # noqa: F401
import seeing  # noqa: F401
import watching  # noqa: F401
import working  # noqa: F401
