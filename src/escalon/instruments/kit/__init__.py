"""The kit an instrument is stated with: items, bands, tracing, assessment, the catalogue."""
