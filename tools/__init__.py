"""Programs for those who work on Escalon: the generated pages of docs/, and mutants that the tests should kill."""
