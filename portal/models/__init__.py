"""The nouns: tables, and the questions one may ask of a row. No rule of what comes next."""

from portal.models.absences import Absence
from portal.models.batches import Batch, BatchRow
from portal.models.book import BookEntry
from portal.models.codes import Code
from portal.models.definitions import AddedStep, DefinitionReview, DefinitionRow
from portal.models.doubts import Doubt
from portal.models.drafts import Draft
from portal.models.files import FileRow
from portal.models.heartbeats import Heartbeat
from portal.models.house import HouseRule
from portal.models.insights import (
    InsightAlarm,
    InsightCount,
    InsightCycle,
    InsightParty,
    InsightTime,
)
from portal.models.keys import (
    OutsideIdentity,
    Passkey,
    RecoveryCode,
    SecondFactor,
    SignInStep,
)
from portal.models.limits import Attempt
from portal.models.links import BrowserSession, Link, SessionLink
from portal.models.looks import Look
from portal.models.messages import Mail
from portal.models.mine import AddressCode, LostLink, ProvedAddress
from portal.models.packs import Pack, PackPart
from portal.models.people import ApiToken, StaffSession, Team, TeamMember, User
from portal.models.pieces import Piece, Upload
from portal.models.preferences import Preference
from portal.models.privacy import Erasure, ErasurePart, Hold
from portal.models.processes import Participant, Process, StepRun
from portal.models.questions import Question
from portal.models.requests import KeptAnswer
from portal.models.room_questions import RoomAnswerer, RoomMessage, RoomQuestion
from portal.models.rooms import Room, RoomCode, RoomSample, RoomSession
from portal.models.searching import SearchDocument
from portal.models.sights import Grant, Restriction
from portal.models.signals import Signal
from portal.models.stretches import Follower, Stretch, Told
from portal.models.sweeps import Sweep
from portal.models.tasks import Task
from portal.models.timers import Timer
from portal.models.trails import Trail
from portal.models.troubles import Trouble
from portal.models.views import SavedView

__all__ = [
    "Absence",
    "AddedStep",
    "AddressCode",
    "ApiToken",
    "Attempt",
    "Batch",
    "BatchRow",
    "BookEntry",
    "BrowserSession",
    "Code",
    "DefinitionReview",
    "DefinitionRow",
    "Doubt",
    "Draft",
    "Erasure",
    "ErasurePart",
    "FileRow",
    "Follower",
    "Grant",
    "Heartbeat",
    "Hold",
    "HouseRule",
    "InsightAlarm",
    "InsightCount",
    "InsightCycle",
    "InsightParty",
    "InsightTime",
    "KeptAnswer",
    "Link",
    "Look",
    "LostLink",
    "Mail",
    "OutsideIdentity",
    "Pack",
    "PackPart",
    "Participant",
    "Passkey",
    "Piece",
    "Preference",
    "Process",
    "ProvedAddress",
    "Question",
    "RecoveryCode",
    "Restriction",
    "Room",
    "RoomAnswerer",
    "RoomCode",
    "RoomMessage",
    "RoomQuestion",
    "RoomSample",
    "RoomSession",
    "SavedView",
    "SearchDocument",
    "SecondFactor",
    "SessionLink",
    "SignInStep",
    "Signal",
    "StaffSession",
    "StepRun",
    "Stretch",
    "Sweep",
    "Task",
    "Team",
    "TeamMember",
    "Timer",
    "Told",
    "Trail",
    "Trouble",
    "Upload",
    "User",
]
