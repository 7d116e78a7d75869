"""Cohorts: the study's clauses over many people, as a funnel."""
