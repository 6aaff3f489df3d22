"""The tables. Rows never leave the repositories; times are UTC."""

from service.tables.base import DEFAULT_OWNER, Base, Identified, Moment, Prepared
from service.tables.devices import DeviceRow, LatencyTableRow, StudentLatencyRow
from service.tables.makings import CandidateRow, DatasetRow, LibraryRow, OmissionRow, TeacherRow
from service.tables.owners import OwnerRow, TokenRow
from service.tables.replies import ReplyRow
from service.tables.searches import SearchRow, SearchTrialRow, SurveyRow, SurveyStudentRow
from service.tables.students import MeasurementRow, RefinementRow, StudentRow, TrialRow
from service.tables.tallies import TallyRow
from service.tables.uploads import UploadRow
from service.tables.webhooks import DeliveryRow, WebhookRow
from service.tables.work import JobRow, ShareRow, UnitRow

__all__ = [
    "DEFAULT_OWNER",
    "Base",
    "CandidateRow",
    "DatasetRow",
    "DeliveryRow",
    "DeviceRow",
    "Identified",
    "JobRow",
    "LatencyTableRow",
    "LibraryRow",
    "MeasurementRow",
    "Moment",
    "OmissionRow",
    "OwnerRow",
    "Prepared",
    "RefinementRow",
    "ReplyRow",
    "SearchRow",
    "SearchTrialRow",
    "ShareRow",
    "StudentLatencyRow",
    "StudentRow",
    "SurveyRow",
    "SurveyStudentRow",
    "TallyRow",
    "TeacherRow",
    "TokenRow",
    "TrialRow",
    "UnitRow",
    "UploadRow",
    "WebhookRow",
]
