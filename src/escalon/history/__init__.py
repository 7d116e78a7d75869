"""One history: what happened as typed events in order, from whatever source, and its fold to where the trial stands."""

from escalon.history.course import Course
from escalon.history.current import Current, current_entries
from escalon.history.entry import Author, Entry, Unread, entry_of_file
from escalon.history.frame import Frame
from escalon.history.kept_facts import Entries, KeptFacts
from escalon.history.trial import Cohort, Decision, Override, Trial, fold
