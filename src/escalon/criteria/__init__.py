"""The criteria language: parse ↔ render, examine one participant, say it in English."""

from escalon.criteria.english import english
from escalon.criteria.examine import decisive, examine
from escalon.criteria.parse import CriterionError, parse
from escalon.criteria.render import render
from escalon.criteria.situation import AnchorDay, Meaning, Situation, with_members
