"""A second path to the numbers of a report: a program that shares nothing with the package."""
