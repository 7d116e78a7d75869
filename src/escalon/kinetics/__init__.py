"""Cells in blood: the qPCR standard curve, copies in units that never mix, kinetic parameters, B cells."""

from escalon.kinetics.b_cells import AplasiaRule, b_cell_aplasia
from escalon.kinetics.baseline import change_from_baseline
from escalon.kinetics.copies import (
    Copies,
    Per,
    per_microgram,
    per_microlitre,
    per_reaction,
    to_blood_volume,
    to_dna_mass,
)
from escalon.kinetics.course import Plan
from escalon.kinetics.detection import Detection, Limits
from escalon.kinetics.immunoglobulins import change_of_level, igg_change, percent_change
from escalon.kinetics.noncompartmental import Kinetics, noncompartmental
from escalon.kinetics.profile import Profile, profile
from escalon.kinetics.sample import Sample, SampleError, read_sample
from escalon.kinetics.standard_curve import Acceptance, Curve, Run, Standard, fit_curve, judge_run, read_copies
from escalon.kinetics.summary import Summary, by_group, summarise
