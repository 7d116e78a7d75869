"""The command line: one module for each command, each loaded only when it is called."""
