"""Everything that can happen in a trial, as events. Importing the package fills the registry `KINDS`."""

from escalon.history.events.account import (
    EVERY_SITE,
    AccountLocked,
    AccountOpened,
    AccountRevoked,
    RecoveryCodeSet,
    Role,
    RoleGranted,
    RoleWithdrawn,
    SecretSet,
)
from escalon.history.events.answer import Answer, AnswerPart
from escalon.history.events.cohort import (
    CohortClosed,
    CohortOpened,
    Course,
    DecisionProposed,
    DecisionSigned,
    OverrideGiven,
    OverrideSigned,
)
from escalon.history.events.data import (
    EntryAnnulled,
    EntryCorrected,
    FactCorrected,
    FactRecorded,
    MarkedSynthetic,
    NothingToReport,
    Observation,
    QueryAnswered,
    QueryClosed,
    QueryRaised,
    SampleMeasured,
    VisitLocked,
    VisitUnlocked,
)
from escalon.history.events.dose_check import DoseChecked, DosePrepared, SafetyReportSent, ToxicityObserved
from escalon.history.events.event import KINDS, Event, ParticipantEvent, day_of, spaced
from escalon.history.events.participant import (
    ConsentWithdrawn,
    EligibilitySigned,
    ParticipantConsented,
    ParticipantScreened,
    ParticipantTransferred,
    ParticipantWithdrawn,
    Verdict,
)
from escalon.history.events.record import (
    AmendmentAdopted,
    ArchiveMade,
    BackupMade,
    CasebookOpened,
    CasebookRestored,
    CheckpointKept,
    CheckpointKeyChanged,
    ClockConfirmed,
    FolderImported,
    FolderWritten,
    IdentifierSealed,
    IdentityOpened,
    RefusedRow,
    SchemaMigrated,
)
from escalon.history.events.signature import AssumptionSigned, EntrySigned, Signed, VisitSigned
from escalon.history.events.treatment import (
    AdverseEventRecorded,
    AllocationReleased,
    ApheresisDone,
    CellsInfused,
    DltAdjudicated,
    DltProposed,
    DltWindowReviewed,
    EvaluabilityJudged,
    LevelAllocated,
    LymphodepletionGiven,
    ProductReleased,
    TreatmentGiven,
)
