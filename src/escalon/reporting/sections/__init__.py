"""The sections of the reports, one file each: a question about the trial answered in blocks of a document."""
