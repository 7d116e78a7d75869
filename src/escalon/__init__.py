"""Escalon: an executable protocol for early-phase cell-therapy trials.

Not a medical device. What it concludes is for qualified people to check and sign.
"""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("escalon")
except PackageNotFoundError:  # a source tree that was never installed
    __version__ = "0+unknown"
