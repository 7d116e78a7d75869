"""Speed, always as a ratio to a named baseline measured in the same run, so that it means something on any machine."""
